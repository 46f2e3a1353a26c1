import { definePlugin, type Plugin } from 'sluice/plugin';
import { priorityActions, priorityFetches } from './priority.ts';
import { defaultServer, server, serverTemplate } from './server.ts';
import { useServer } from './use-server.ts';
import { serverWords } from './words.ts';

const servers: Plugin = definePlugin({
  name: 'servers',
  api: 1,
  directives: { server, 'default-server': defaultServer, 'server-template': serverTemplate, 'use-server': useServer },
  actions: priorityActions,
  fetches: priorityFetches,
  serverWords,
});
export default servers;
