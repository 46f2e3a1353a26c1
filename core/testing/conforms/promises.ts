import type { Action, ActionKeyword, Hook, Hooks, Plugin, ServiceKeyword } from '../../api/index.ts';

/**
 * The same plugin, watched: `needless` is told of a hook, action or service that gave a promise although it had nothing to wait for. A
 * promise takes a request off the straight path, whether or not it was needed.
 */
export function watchPromises(plugin: Plugin, needless: (where: string) => void): Plugin {
  const told = new Set<string>();
  const watch =
    <Args extends unknown[], R>(where: string, run: (...args: Args) => R) =>
    (...args: Args): R => {
      const result = run(...args);
      if (result instanceof Promise) {
        let settled = false;
        const settle = (): void => void (settled = true);
        result.then(settle, settle);
        // Only microtasks have run by then: nothing from outside can have come.
        setImmediate(() => {
          if (!settled || told.has(where)) return;
          told.add(where);
          needless(where);
        });
      }
      return result;
    };
  const watched: { -readonly [Key in keyof Plugin]: Plugin[Key] } = { ...plugin };
  const { setup, actions, services } = plugin;
  if (setup !== undefined) {
    watched.setup = async (context) => {
      const instance = await setup.call(plugin, context);
      if (!instance?.hooks) return instance;
      const hooks = watchHooks(instance.hooks, watch);
      // Methods of the instance stay its own.
      return Object.assign(Object.create(instance) as typeof instance, { hooks });
    };
  }
  if (actions !== undefined) {
    watched.actions = mapValues(actions, (keyword: ActionKeyword, word) => ({
      ...keyword,
      parse(words, scope): Action {
        const action = keyword.parse(words, scope);
        const run = watch(`action '${word}'`, action.run.bind(action));
        return Object.assign(Object.create(action) as Action, { run });
      },
    }));
  }
  if (services !== undefined) {
    watched.services = mapValues(services, (keyword: ServiceKeyword, word) => ({
      ...keyword,
      ...(keyword.serve && { serve: watch(`service '${word}'`, keyword.serve) }),
    }));
  }
  return watched;
}

type Watch = <Args extends unknown[], R>(where: string, run: (...args: Args) => R) => (...args: Args) => R;
type Handler = (...args: unknown[]) => unknown;

function watchHooks(hooks: Hooks, watch: Watch): Hooks {
  return mapValues(hooks as Record<string, Hook<Handler>>, (hook, name) =>
    typeof hook === 'function'
      ? watch(`hook '${name}'`, hook)
      : { ...hook, handler: watch(`hook '${name}'`, hook.handler) },
  ) as Hooks;
}

function mapValues<T>(table: Readonly<Record<string, T>>, change: (value: T, key: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value, key)]));
}
