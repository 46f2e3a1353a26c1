import type { LuaSettings } from './settings.ts';

/** What Lua code is called for; lua-api.rst, "Lua in HAProxy: contexts". */
export type RoleKind = 'action' | 'fetch' | 'converter' | 'service' | 'task' | 'event' | 'cli' | 'filter' | 'init';

/**
 * What becomes of a function that would have to wait: it does; it does not, and answers at once (`init`); or all that runs is
 * given up, and the log says `yield not allowed`.
 */
export type Waiting = 'allowed' | 'ignored' | 'refused';

/** How a registered function is run; made once for each. */
export interface Role {
  readonly kind: RoleKind;
  /** As messages begin: `Lua function 'x'`. */
  readonly title: string;
  readonly waiting: Waiting;
  /** Milliseconds of CPU altogether, 0: no limit. */
  readonly limit: number;
}

const TITLES: Readonly<Record<RoleKind, (name: string) => string>> = {
  action: (name) => `Lua function '${name}'`,
  fetch: (name) => `Lua sample-fetch '${name}'`,
  converter: (name) => `Lua converter '${name}'`,
  service: (name) => `Lua applet ${name}`,
  task: () => 'Lua task',
  event: () => 'Lua event_hdl',
  cli: (name) => `Lua cli '${name}'`,
  filter: (name) => `Lua filter '${name}' `,
  init: () => 'Lua init',
};

const WAITING: Readonly<Record<RoleKind, Waiting>> = {
  action: 'allowed',
  fetch: 'refused',
  converter: 'refused',
  service: 'allowed',
  task: 'allowed',
  event: 'allowed',
  cli: 'allowed',
  filter: 'refused',
  init: 'ignored',
};

export function makeRole(kind: RoleKind, name: string, settings: LuaSettings, waiting: Waiting = WAITING[kind]): Role {
  return { kind, title: TITLES[kind](name), waiting, limit: limitOf(kind, settings) };
}

function limitOf(kind: RoleKind, settings: LuaSettings): number {
  switch (kind) {
    case 'service':
      return settings.serviceTimeout;
    case 'task':
    case 'event':
      return settings.taskTimeout;
    case 'init':
      return 0;
    default:
      return settings.sessionTimeout;
  }
}
