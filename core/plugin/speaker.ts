import type { Proxy, Transaction } from '../api/index.ts';
import { failed, isDesk } from './fault.ts';

/** The plugin whose word is being read. Reading never waits, so there is one at a time. */
let speaker: string | undefined;
const attributedOf = new WeakMap<object, object>();

/** Runs what reads a word of a plugin: functions that it hangs into a proxy meanwhile are the plugin's. */
export function speaking<T>(plugin: string, read: () => T): T {
  const before = speaker;
  speaker = plugin;
  try {
    return read();
  } finally {
    speaker = before;
  }
}

type Hook<T> = (transaction: Transaction, proxy: Proxy) => T;

/**
 * The function itself where a stock plugin's word is being read; else one that blames the plugin for what it throws. The same function
 * gives the same one again, as it is added to a proxy once. `what` names the point at which it runs. Those who `watch` change nothing,
 * and so what they throw changes nothing.
 */
export function attributed<T>(what: string, run: Hook<T>, kind: 'acts' | 'watches' = 'acts'): Hook<T> {
  const plugin = speaker;
  if (plugin === undefined) return run;
  const known = attributedOf.get(run) as Hook<T> | undefined;
  if (known !== undefined) return known;
  const caught = (transaction: Transaction, error: unknown): T => {
    try {
      return failed(transaction.process, plugin, what, error) as T;
    } catch (fault) {
      if (kind === 'watches') return undefined as T;
      throw fault;
    }
  };
  const safe: Hook<T> = (transaction, proxy) => {
    try {
      const answer = run(transaction, proxy);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => caught(transaction, error)) as T;
    } catch (error) {
      return caught(transaction, error);
    }
  };
  attributedOf.set(run, safe);
  return safe;
}

/** The same for those who hear of a proxy's events. */
export function attributedEvent<A extends unknown[]>(run: (...args: A) => void): (...args: A) => void {
  const plugin = speaker;
  if (plugin === undefined) return run;
  const known = attributedOf.get(run) as typeof run | undefined;
  if (known !== undefined) return known;
  const safe = (...args: A): void => {
    try {
      run(...args);
    } catch (error) {
      const { runtime } = args.at(-1) as { runtime?: { generation?: unknown } };
      if (isDesk(runtime?.generation)) runtime.generation.pluginFailed(plugin, 'an event', error);
    }
  };
  attributedOf.set(run, safe);
  return safe;
}
