import { definePlugin, type Plugin } from 'sluice/plugin';
import { RoundRobin } from './roundrobin.ts';

const balance: Plugin = definePlugin({
  name: 'balance',
  api: 1,
  directives: {
    balance: {
      usage: 'balance <algorithm> [ <arguments> ]',
      summary: 'How requests are spread over the servers of a backend.',
      in: ['defaults', 'backend'],
      parse(words, scope) {
        words.oneOf('a balance algorithm', ['roundrobin']);
        scope.proxy.settings.balance = (backend) => new RoundRobin(backend);
        words.end();
      },
    },
  },
});
export default balance;
