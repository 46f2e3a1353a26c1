import { definePlugin, type Plugin } from 'sluice/plugin';
import { defaultServer, server, serverTemplate } from './server.ts';
import { serverWords } from './words.ts';

const servers: Plugin = definePlugin({
  name: 'servers',
  api: 1,
  directives: { server, 'default-server': defaultServer, 'server-template': serverTemplate },
  serverWords,
});
export default servers;
