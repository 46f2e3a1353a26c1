import { parseAddress, type Server } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall, LuaClass } from '../engine/engine.ts';
import { addressOf, serverStatistics } from '../statistics.ts';
import type { World } from '../world.ts';
import { subscribe } from './event-sub.ts';
import { pushStatistics } from './proxy.ts';
import { self } from './self.ts';

export const SERVER: ClassKey<Server> = classKey('Server');

/** Who changed a server, as messages have it. */
const WHO = 'Lua script';

/** What stands in a proxy's `servers`; lua-api.rst, "Server class". */
export function servers(world: World): void {
  const read = (push: (call: LuaCall, server: Server) => void): HostFunction => {
    return (call) => {
      push(call, self(call, type));
      return 1;
    };
  };
  /** Most commands answer nothing, whether or not there was anything to do. */
  const change = (run: (server: Server) => void): HostFunction => {
    return (call) => {
      run(self(call, type));
      return 0;
    };
  };
  const type: LuaClass<Server> = world.define(SERVER, {
    methods: {
      get_name: read((call, server) => call.pushString(server.name)),
      get_puid: read((call, server) => call.pushString(String(server.id))),
      get_rid: read((call, server) => call.pushInteger(world.host.serverEvents.revisionOf(server))),
      get_proxy: read((call, server) => {
        const ref = world.proxies.get(server.backend.name);
        if (ref === undefined) call.pushNil();
        else call.pushRef(ref);
      }),
      // A number, and so true in any condition: that is how the program answers.
      is_draining: read((call, { state }) => call.pushInteger(state.draining && !state.maintenance ? 1 : 0)),
      is_backup: read((call, server) => call.pushBoolean(server.backup)),
      is_dynamic: read((call, server) => call.pushBoolean(server.config.dynamic)),
      get_cur_sess: read((call, server) => call.pushInteger(server.active)),
      get_pend_conn: read((call, server) => call.pushInteger(server.queued)),
      get_maxconn: read((call, server) => call.pushInteger(server.maxconn)),
      get_weight: read((call, server) => call.pushInteger(server.state.userWeight)),
      get_addr: read((call, server) => call.pushString(addressOf(server))),
      get_stats: read((call, server) => pushStatistics(call, serverStatistics(server, world.host.now()))),
      tracking: read((call, { state }) => pushServer(world, call, state.tracked)),
      get_trackers: read((call, { state }) => {
        call.newTable();
        state.trackers.forEach((tracker, index) => {
          pushServer(world, call, tracker);
          call.setIndex(-2, index + 1);
        });
      }),
      set_maxconn: read((call, server) => {
        const text = call.string(2);
        const [, digits, rest] = /^\s*\+?(\d+)(.*)$/s.exec(text) ?? [];
        if (digits === undefined) call.pushString('maxconn string empty or preceded by garbage');
        else if (rest !== '') call.pushString('Trailing garbage in maxconn string');
        else {
          server.state.setMaxconn(Math.min(Number(digits), 0xffffffff));
          call.pushNil();
        }
      }),
      set_weight: read((call, server) => call.push(server.state.setWeight(call.string(2)))),
      set_addr: read((call, server) =>
        call.pushString(moveServer(server, call.string(2), call.optionalString(3, undefined))),
      ),
      shut_sess: change(({ state }) => state.shutdownSessions()),
      set_drain: change(({ state }) => state.set('drain')),
      set_maint: change(({ state }) => state.set('maint')),
      set_ready: change(({ state }) => state.set('ready')),
      check_enable: change(({ state }) => void state.enable('health', true)),
      check_disable: change(({ state }) => void state.enable('health', false)),
      check_force_up: change(({ state }) => void state.setHealth('up', WHO)),
      check_force_nolb: change(({ state }) => void state.setHealth('stopping', WHO)),
      check_force_down: change(({ state }) => void state.setHealth('down', WHO)),
      agent_enable: change(({ state }) => void state.enable('agent', true)),
      agent_disable: change(({ state }) => void state.enable('agent', false)),
      agent_force_up: change(({ state }) => void state.setAgent('up', WHO)),
      agent_force_down: change(({ state }) => void state.setAgent('down', WHO)),
      event_sub(call) {
        const server = self(call, type);
        return subscribe(call, world, 'SERVER', 2, (told) => world.host.serverEvents.watch(told, server));
      },
    },
  });
}

/** The object of a server as scripts know it, from the table of its proxy; nil for none. */
export function pushServer(world: World, call: LuaCall, server: Server | undefined): void {
  const proxy = server === undefined ? undefined : world.proxies.get(server.backend.name);
  if (server === undefined || proxy === undefined || !server.backend.servers.includes(server)) {
    call.pushNil();
    return;
  }
  call.pushRef(proxy);
  call.getField(-1, 'servers');
  call.getField(-1, server.name);
  const found = call.ref(-1);
  call.pop(3);
  call.pushRef(found);
  world.state.release(found);
}

/** Says what was changed, as `set server … addr` does. */
function moveServer(server: Server, address: string, port: string | undefined): string {
  const ip = parseAddress(address);
  if (ip === undefined) return `Invalid addr '${address}' by '${WHO}'`;
  const number = port === undefined || !/^\d+$/.test(port) ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65535))
    return `port number '${port}' is out of range by '${WHO}'`;
  const said = server.state.setAddress({ family: ip.family, address, port: server.address.port }, number, WHO);
  if (port === undefined || number !== undefined) return said;
  return said.replace(` by '${WHO}'`, `, problem converting port '${port}' to an int by '${WHO}'`);
}
