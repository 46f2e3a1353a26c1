import { definePlugin, type Backend, type Balancer, type Plugin } from 'sluice/plugin';
import { RoundRobin } from './roundrobin.ts';

const roundRobin = (backend: Backend): Balancer => new RoundRobin(backend);

const balance: Plugin = definePlugin({
  name: 'balance',
  api: 1,
  balance: {
    roundrobin: {
      usage: 'balance roundrobin',
      summary: 'Each server in turn, as often as its weight says.',
      unless: roundRobin,
      parse: () => roundRobin,
    },
  },
});
export default balance;
