import type { Ruleset } from 'sluice/plugin';
import type { LuaCall, LuaRef } from '../engine/engine.ts';
import { makeRole } from '../role.ts';
import type { World } from '../world.ts';

/** What scripts call the rule sets. */
const PLACES: Readonly<Record<string, Ruleset>> = {
  'tcp-req': 'tcp-request content',
  'tcp-res': 'tcp-response content',
  'http-req': 'http-request',
  'http-res': 'http-response',
  'http-after-res': 'http-after-response',
};

/** `core.register_*`: what a script has, and under which name the configuration finds it. */
export function registration(world: World): void {
  const { host } = world;
  const { registry, settings } = host;

  const body = (call: LuaCall, name: string): void => {
    if (host.phase !== 'body') call.fail(`${name}: not available outside of body context`);
  };
  const count = (call: LuaCall, name: string, wanted: boolean, text: string): void => {
    if (!wanted) call.fail(`'${name}' needs ${text} arguments`);
  };
  const once = (table: ReadonlyMap<string, unknown>, what: string, name: string): void => {
    if (table.has(name)) host.warn?.(`Trying to register ${what} 'lua.${name}' more than once: the last one counts.`);
  };

  world.functions('core', {
    register_action(call) {
      body(call, 'register_action');
      count(call, 'register_action', call.count >= 3 && call.count <= 4, 'between 3 and 4');
      const name = call.string(1);
      if (call.kind(2) !== 'table') call.fail('register_action: second argument must be a table of strings');
      const run = functionAt(call, 3);
      const argumentCount = call.count >= 4 ? Math.max(0, call.int(4)) : 0;
      const action = {
        world,
        run,
        role: makeRole('action', name, settings),
        finalRole: makeRole('action', name, settings, 'refused'),
        argumentCount,
      };
      for (const place of strings(call, 2, 'register_action: second argument must be a table of strings')) {
        if (!Object.hasOwn(PLACES, place)) {
          call.fail(
            `Lua action environment '${place}' is unknown. 'tcp-req', 'tcp-res', 'http-req', 'http-res' or 'http-after-res' are expected.`,
          );
        }
        const actions = registry.actionsOf(PLACES[place]!);
        once(actions, 'action', name);
        actions.set(name, action);
      }
      return 0;
    },
    register_fetches(call) {
      body(call, 'register_fetches');
      count(call, 'register_fetches', call.count === 2, '2');
      const name = call.string(1);
      const run = functionAt(call, 2);
      once(registry.fetches, 'sample-fetch', name);
      registry.fetches.set(name, { world, run, role: makeRole('fetch', name, settings) });
      return 0;
    },
    register_converters(call) {
      body(call, 'register_converters');
      count(call, 'register_converters', call.count === 2, '2');
      const name = call.string(1);
      const run = functionAt(call, 2);
      once(registry.converters, 'converter', name);
      registry.converters.set(name, { world, run, role: makeRole('converter', name, settings) });
      return 0;
    },
    register_service(call) {
      body(call, 'register_service');
      count(call, 'register_service', call.count === 3, '3');
      const name = call.string(1);
      const mode = call.string(2);
      if (mode !== 'http' && mode !== 'tcp')
        return call.fail(`Lua service environment '${mode}' is unknown. 'tcp' or 'http' are expected.`);
      const run = functionAt(call, 3);
      once(registry.services, 'service', name);
      registry.services.set(name, { world, run, mode, role: makeRole('service', `${mode} '<lua.${name}>'`, settings) });
      return 0;
    },
    register_init(call) {
      body(call, 'register_init');
      count(call, 'register_init', call.count === 1, '1');
      registry.init.push({ world, run: functionAt(call, 1) });
      return 0;
    },
    register_cli(call) {
      body(call, 'register_cli');
      count(call, 'register_cli', call.count === 3, '3');
      if (call.kind(1) !== 'table') call.failArgument(1, '1st argument must be a table');
      const path = strings(call, 1, 'register_cli: the path must be a table of strings');
      const usage = call.string(2);
      const run = functionAt(call, 3);
      const name = path.join(' ');
      if (registry.commands.has(name))
        call.fail(`Trying to register cli keyword which is already declared, in '${name}'`);
      registry.commands.set(name, { world, run, path, usage, role: makeRole('cli', name, settings) });
      return 0;
    },
    register_task(call) {
      count(call, 'register_task', call.count >= 1 && call.count <= 5, 'between 1 and 5');
      const run = functionAt(call, 1);
      const args: LuaRef[] = [];
      for (let index = 2; index <= call.count; index++) args.push(call.ref(index));
      host.begin({ world, run, args });
      return 0;
    },
  });
}

/** Keeps the function at that place; raises Lua's error if there is another thing. */
export function functionAt(call: LuaCall, index: number): LuaRef {
  const kind = call.kind(index);
  if (kind !== 'function') call.failArgument(index, `function expected, got ${kind === 'none' ? 'no value' : kind}`);
  return call.ref(index);
}

/** The strings of a list. */
export function strings(call: LuaCall, index: number, refusal: string): string[] {
  const found: string[] = [];
  for (let at = 1; call.getIndex(index, at) !== 'nil'; at++) {
    if (call.kind(-1) !== 'string') call.fail(refusal);
    found.push(call.string(-1));
    call.pop();
  }
  call.pop();
  return found;
}
