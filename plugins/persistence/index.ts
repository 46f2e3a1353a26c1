import { definePlugin, type Plugin, type PluginContext } from 'sluice/plugin';
import { appsession } from './appsession.ts';
import { cookie, dynamicCookieKey, serverCookie } from './cookie-line.ts';
import { persist } from './rdp.ts';
import { forcePersist, ignorePersist } from './rules.ts';
import { SessionTable } from './session-table.ts';
import { PERSISTENCE } from './settings.ts';

/** Clients that stay on their server: by cookies of ours or of the application, by an RDP cookie. configuration.txt 4.2. */
const persistence: Plugin = definePlugin({
  name: 'persistence',
  api: 1,
  directives: {
    cookie,
    'dynamic-cookie-key': dynamicCookieKey,
    'force-persist': forcePersist,
    'ignore-persist': ignorePersist,
    persist,
    appsession,
  },
  serverWords: { cookie: serverCookie },
  setup,
});
export default persistence;

/** What was learned about an application's sessions outlives a reload. */
function setup({ proxies, keep }: PluginContext): void {
  for (const proxy of proxies) {
    const settings = proxy.kind === 'defaults' ? undefined : proxy.findExtension(PERSISTENCE);
    if (settings?.appsession !== undefined)
      settings.sessions = keep(`appsession ${proxy.name}`, () => new SessionTable());
  }
}
