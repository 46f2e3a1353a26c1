import type { LogStep, ProxyHook } from '../api/index.ts';
import type { StepHook } from '../config/proxy-config.ts';
import type { Stream } from './stream.ts';

/** What is called at each step of a transaction; null where nobody watches. */
export type StepHooks = { readonly [Step in LogStep]: readonly ProxyHook<void>[] | null };

export function stepHooks(hooks: readonly StepHook[]): StepHooks {
  const at = (step: LogStep): readonly ProxyHook<void>[] | null => {
    const runs = hooks.filter((hook) => hook.step === step).map(({ run }) => run);
    return runs.length === 0 ? null : runs;
  };
  return { accept: at('accept'), request: at('request'), connect: at('connect'), response: at('response') };
}

/** Calls those who watch a frontend's transactions; what they throw is theirs and changes nothing. */
export function tell(hooks: readonly ProxyHook<void>[], stream: Stream): void {
  try {
    for (const run of hooks) run(stream, stream.frontend);
  } catch (error) {
    stream.blame(stream.frontend.name, 'log', error);
  }
}
