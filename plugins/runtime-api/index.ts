import type { Plugin, PluginContext, PluginInstance } from 'sluice/plugin';
import { commands } from './commands.ts';
import { bindWords, directives } from './directives.ts';
import { Session } from './session.ts';
import { SETTINGS, SOCKET } from './settings.ts';

function setup(context: PluginContext): PluginInstance {
  const settings = context.global.extension(SETTINGS);
  const sessions = new Set<Session>();
  for (const bind of settings.binds) {
    context.listen(bind, (socket) => {
      if (sessions.size >= settings.maxconn) {
        socket.destroy();
        return;
      }
      const session: Session = new Session(
        socket,
        context.commands,
        bind.extension(SOCKET),
        settings,
        context.timer,
        () => void sessions.delete(session),
      );
      sessions.add(session);
    });
  }
  return {
    commands: commands(context),
    stop: () => {
      for (const session of sessions) session.close();
    },
  };
}

/** The Runtime API: sockets on which commands are taken, those of all plugins. management.txt 9.3. */
const plugin: Plugin = { name: 'runtime-api', api: 1, directives, bindWords, setup };
export default plugin;
