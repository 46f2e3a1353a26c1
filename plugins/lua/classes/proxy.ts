import type { Backend, Frontend, ProxyConfig } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall, LuaClass, LuaRef } from '../engine/engine.ts';
import { backendStatistics, frontendStatistics, type Statistics } from '../statistics.ts';
import type { World } from '../world.ts';
import { LISTENER } from './listener.ts';
import { pushMailers } from './mailers.ts';
import { self } from './self.ts';
import { SERVER } from './server.ts';

/** A proxy with what runs of it. */
export interface LuaProxy {
  readonly config: ProxyConfig;
  readonly frontend: Frontend | undefined;
  readonly backend: Backend | undefined;
  /** The object that scripts have; there is one in each state. */
  readonly ref: LuaRef;
}

export const PROXY: ClassKey<LuaProxy> = classKey('Proxy');

/** `core.proxies`, `core.frontends`, `core.backends`; lua-api.rst, "Proxy class". */
export function proxies(world: World): void {
  /** For frontends, what concerns those who listen; backends have nothing of the kind. */
  const listening = (run: (frontend: Frontend) => void): HostFunction => {
    return (call) => {
      const { frontend } = self(call, type);
      if (frontend !== undefined) run(frontend);
      return 0;
    };
  };
  const count = (of: (backend: Backend) => number): HostFunction => {
    return (call) => {
      const { backend } = self(call, type);
      call.pushInteger(backend === undefined ? 0 : of(backend));
      return 1;
    };
  };
  const type: LuaClass<LuaProxy> = world.define(PROXY, {
    methods: {
      get_name(call) {
        call.pushString(self(call, type).config.name);
        return 1;
      },
      get_uuid(call) {
        call.pushString(String(self(call, type).config.id));
        return 1;
      },
      get_cap(call) {
        const { isFrontend, isBackend } = self(call, type).config;
        call.pushString(isFrontend && isBackend ? 'proxy' : isFrontend ? 'frontend' : 'backend');
        return 1;
      },
      get_mode(call) {
        call.pushString(self(call, type).config.settings.mode);
        return 1;
      },
      get_srv_act: count((backend) => backend.activeServers),
      get_srv_bck: count((backend) => backend.backupServers),
      get_stats(call) {
        const { frontend, backend } = self(call, type);
        const at = world.host.now();
        // Of a `listen`, HAProxy gives what its backend counts.
        if (backend !== undefined) pushStatistics(call, backendStatistics(backend, at));
        else pushStatistics(call, frontend === undefined ? {} : frontendStatistics(frontend, at));
        return 1;
      },
      get_mailers(call) {
        const { config } = self(call, type);
        return pushMailers(call, world, config);
      },
      pause: listening((frontend) => frontend.pause()),
      resume: listening((frontend) => frontend.resume()),
      stop: listening((frontend) => frontend.stop()),
      shut_bcksess(call) {
        const { backend } = self(call, type);
        for (const server of backend?.servers ?? []) if (server.backup) server.state.shutdownSessions();
        return 0;
      },
    },
    /** Listeners are there later than proxies: their table is made when it is first asked for. */
    missing(call) {
      const { frontend } = call.object(1, type);
      if (call.kind(2) !== 'string' || call.string(2) !== 'listeners') {
        call.pushNil();
        return 1;
      }
      const objects = world.class(LISTENER);
      call.newTable();
      for (const listener of frontend?.listeners ?? []) {
        call.pushObject(objects, { listener, frontend: frontend! });
        call.setField(-2, listener.name ?? `sock-${listener.id}`);
      }
      call.pushCopy(-1);
      call.setField(1, 'listeners');
      return 1;
    },
  });

  world.host.onReady((context) => {
    const { main } = world.state;
    const known = new Map<string, LuaRef>();
    const servers = world.class(SERVER);
    for (const config of context.proxies) {
      if (config.kind === 'defaults') continue;
      const frontend = config.isFrontend ? context.frontends.find(({ name }) => name === config.name) : undefined;
      const backend = config.isBackend ? context.backends.find(({ name }) => name === config.name) : undefined;
      if (frontend === undefined && backend === undefined) continue;
      const proxy: { -readonly [Key in keyof LuaProxy]: LuaProxy[Key] } = {
        config,
        frontend,
        backend,
        ref: undefined as unknown as LuaRef,
      };
      main.pushObject(type, proxy);
      proxy.ref = main.ref(-1);
      known.set(config.name, proxy.ref);
      main.pushString(config.name);
      main.setField(-2, 'name');
      main.pushString(String(config.id));
      main.setField(-2, 'uuid');
      main.newTable();
      const table = main.ref(-1);
      main.setField(-2, 'servers');
      for (const server of backend?.servers ?? []) setServer(table, server.name, server);
      backend?.onServers((server, change) => setServer(table, server.name, change === 'added' ? server : undefined));
      main.pop();
    }
    const list = (name: string, chosen: (name: string) => boolean): void =>
      world.field('core', name, (call) => {
        call.newTable();
        for (const [key, ref] of known) {
          if (!chosen(key)) continue;
          call.pushRef(ref);
          call.setField(-2, key);
        }
      });
    list('proxies', () => true);
    list('frontends', (name) => context.frontends.some((one) => one.name === name));
    list('backends', (name) => context.backends.some((one) => one.name === name));
    world.proxies = known;

    function setServer(table: LuaRef, name: string, server: Backend['servers'][number] | undefined): void {
      main.pushRef(table);
      if (server === undefined) main.pushNil();
      else {
        main.pushObject(servers, server);
        main.pushString(server.name);
        main.setField(-2, 'name');
        main.pushString(String(server.id));
        main.setField(-2, 'puid');
      }
      main.setField(-2, name);
      main.pop();
    }
  });
}

/** A table of names and values. */
export function pushStatistics(call: LuaCall, statistics: Statistics): void {
  call.newTable();
  for (const [name, value] of Object.entries(statistics)) {
    call.push(value);
    call.setField(-2, name);
  }
}
