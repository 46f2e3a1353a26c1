import type { Eventually, Hook, HookName, Hooks, HookSignatures } from '../api/index.ts';

/** A plugin's hooks under its name. */
export interface NamedHooks {
  readonly plugin: string;
  readonly hooks: Hooks;
}

type Chain<Name extends HookName> = HookSignatures[Name] | null;
/** Of one stage: what runs before the rule sets and what runs after them; null costs one comparison. */
export type Pipeline = { readonly [Name in HookName]: { readonly pre: Chain<Name>; readonly post: Chain<Name> } };

/** Called for what a hook throws; its answer stands for the hook's. */
export type StageBlame = (plugin: string, stage: HookName, error: unknown, argument: unknown) => unknown;

export function buildPipeline(plugins: readonly NamedHooks[], blame: StageBlame): Pipeline {
  const stage = <Name extends HookName>(name: Name): { pre: Chain<Name>; post: Chain<Name> } => {
    const placed = (order: 'pre' | 'post'): Chain<Name> =>
      chain(
        name,
        plugins.flatMap(({ plugin, hooks }) => {
          const hook = hooks[name] as Hook<(...args: unknown[]) => unknown> | undefined;
          if (hook === undefined) return [];
          const at = typeof hook === 'function' ? 'post' : hook.order;
          return at === order ? [{ plugin, call: typeof hook === 'function' ? hook : hook.handler }] : [];
        }),
        blame,
      ) as Chain<Name>;
    return { pre: placed('pre'), post: placed('post') };
  };
  return {
    accept: stage('accept'),
    request: stage('request'),
    selectBackend: stage('selectBackend'),
    selectServer: stage('selectServer'),
    response: stage('response'),
    log: stage('log'),
  };
}

interface Handler {
  readonly plugin: string;
  readonly call: (...args: unknown[]) => unknown;
}

/** Runs handlers until one answers; stays synchronous until a handler returns a promise. */
function chain(
  stage: HookName,
  handlers: readonly Handler[],
  blame: StageBlame,
): ((first: unknown, second?: unknown) => Eventually<unknown>) | null {
  if (handlers.length === 0) return null;
  function from(index: number, first: unknown, second: unknown): Eventually<unknown> {
    for (let at = index; at < handlers.length; at++) {
      const { plugin, call } = handlers[at]!;
      try {
        const result = call(first, second);
        if (result === undefined) continue;
        if (!(result instanceof Promise)) return result;
        return result.then(
          (answer: unknown) => answer ?? from(at + 1, first, second),
          (error: unknown) => blame(plugin, stage, error, first) ?? from(at + 1, first, second),
        );
      } catch (error) {
        const answer = blame(plugin, stage, error, first);
        if (answer !== undefined) return answer;
      }
    }
    return undefined;
  }
  return (first, second) => from(0, first, second);
}
