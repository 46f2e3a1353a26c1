import type { Value } from 'sluice/plugin';
import { variableName } from '../classes/variables.ts';
import type { LuaCall } from '../engine/engine.ts';
import { pushSample } from '../samples.ts';
import { taskOf } from '../task.ts';
import type { World } from '../world.ts';
import type { LuaHost } from '../host.ts';

/** `core.get_info` and `core.get_var`, and what concerns mailers. */
export function information(world: World): void {
  const { host } = world;
  world.functions('core', {
    get_info(call) {
      call.newTable();
      for (const [name, value] of Object.entries(processInformation(host))) {
        call.push(value);
        call.setField(-2, name);
      }
      return 1;
    },
    get_var(call) {
      if (call.count !== 1) call.fail("'get_var' needs 1 arguments");
      const variable = variableName(call.string(1));
      const value = variable?.scope === 'proc' ? processVariable(call, host, variable.name) : undefined;
      pushSample(call, value, host.settings.booleans ?? false);
      return 1;
    },
    use_native_mailers_config(call) {
      return call.fail('the `mailers` section is not built yet: there is nothing to use of it');
    },
    // Nothing sends mail by itself: there is nothing to disable.
    disable_legacy_mailers: () => 0,
  });
}

/** The process's variables are seen by any transaction. */
function processVariable(call: LuaCall, host: LuaHost, name: string): Value | undefined {
  const { transaction } = taskOf(call) ?? {};
  if (transaction !== undefined) return transaction.getVariable('proc', name);
  const server = host.context?.backends.flatMap(({ servers }) => servers)[0];
  if (server !== undefined) return server.backend.detached(server, '').getVariable('proc', name);
  return host.global.settings.variables.find(([known]) => known === name)?.[1];
}

/** What `show info` would say, as far as it is known. management.txt 9.3. */
function processInformation(host: LuaHost): Record<string, number | string> {
  const { context } = host;
  const { settings } = host.global;
  const at = performance.now();
  const seconds = Math.floor(process.uptime());
  const frontends = context?.frontends ?? [];
  const sum = (value: (frontend: (typeof frontends)[number]) => number): number =>
    frontends.reduce((total, frontend) => total + value(frontend), 0);
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3600)];
  return {
    Name: 'HAProxy',
    Version: context?.version ?? '',
    Nbthread: 1,
    Nbproc: 1,
    Process_num: 1,
    Pid: process.pid,
    Uptime: `${days}d ${hours}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m${String(seconds % 60).padStart(2, '0')}s`,
    Uptime_sec: seconds,
    PoolAlloc_MB: Math.floor(process.memoryUsage().rss / 1048576),
    PoolAlloc_bytes: process.memoryUsage().rss,
    Maxconn: settings.maxconn,
    Hard_maxconn: settings.maxconn,
    ...(settings.ulimitN === undefined ? {} : { 'Ulimit-n': settings.ulimitN }),
    CurrConns: sum(({ counters }) => counters.current),
    CumConns: sum(({ counters }) => counters.total),
    CumReq: sum(({ counters }) => counters.requests),
    ConnRate: sum(({ counters }) => counters.sessionRate.perSecond(at)),
    SessRate: sum(({ counters }) => counters.sessionRate.perSecond(at)),
    Listeners: sum(({ listeners }) => listeners.length),
    Stopping: host.phase === 'closed' ? 1 : 0,
    ...(settings.node === undefined ? {} : { node: settings.node }),
    ...(settings.description === undefined ? {} : { description: settings.description }),
  };
}
