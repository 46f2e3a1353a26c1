import { createProxy, type ProxyHandle } from '../../core/index.ts';
import type { Plugin } from '../../core/api/index.ts';
import { until } from '../support/wait.ts';

/** A proxy in the test's own process, so that its counts can be looked at; `:0` in a bind line lets the system choose. */
export async function proxyHere(text: string, plugins: readonly Plugin[] = []): Promise<ProxyHandle> {
  const handle = await createProxy({ config: { name: 'test.cfg', text: `${text}\n` }, plugins });
  await handle.start();
  return handle;
}

/** The port of a frontend's first listener. */
export function portOf(handle: ProxyHandle, frontend: string): number {
  return handle.address(frontend).port!;
}

/** Resolves when nothing is under way any more; throws with the counts when something stays. */
export async function settled(handle: ProxyHandle, ms = 8000): Promise<void> {
  const counts = (): string => {
    const { connections, sessions, queued, activeServerStreams, generations } = handle.stats();
    return JSON.stringify({ connections, sessions, queued, activeServerStreams, generations });
  };
  const nothing = '{"connections":0,"sessions":0,"queued":0,"activeServerStreams":0,"generations":1}';
  await until('the counts to return to zero', () => counts() === nothing, ms).catch((error: Error) => {
    throw new Error(`${error.message}: ${counts()}`);
  });
}
