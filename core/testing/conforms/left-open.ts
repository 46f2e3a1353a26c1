import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** What keeps a process alive or goes on by itself, by Node's names for it, and in words. */
const KINDS: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  TCPWRAP: 'a connection',
  TCPSERVERWRAP: 'a listening socket',
  PIPEWRAP: 'a pipe or a UNIX connection',
  PIPESERVERWRAP: 'a listening UNIX socket',
  UDPWRAP: 'a datagram socket',
  TLSWRAP: 'a TLS connection',
  HTTP2SESSION: 'an HTTP/2 session',
  FSEVENTWRAP: 'a watch of a file',
  STATWATCHER: 'a watch of a file',
  FILEHANDLE: 'an open file',
  PROCESSWRAP: 'a child process',
  WORKER: 'a worker thread',
  SIGNALWRAP: 'a listener for a signal',
};

const inside = new AsyncLocalStorage<object>();

interface Open {
  readonly what: string;
  /** Where it was made: lines of the stack. */
  readonly stack: string;
}

/**
 * Runs something, waits for its last events, and says which handles that were made in the course of it are still there. What others
 * do at the same time (a test runner's timers) is told apart by the asynchronous context.
 */
export async function leftOpen(run: () => Promise<void>): Promise<Open[]> {
  const token = {};
  const open = new Map<number, { what: string; stack: string; resource: object }>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      const what = KINDS[type];
      if (what === undefined || inside.getStore() !== token) return;
      open.set(id, { what, stack: new Error('made').stack ?? '', resource });
    },
    destroy(id) {
      open.delete(id);
    },
  });
  const signals = listeners();
  hook.enable();
  try {
    await inside.run(token, run);
    // Handles close in later turns of the loop; what ends by itself soon is no leak.
    for (let i = 0; i < 200 && open.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    hook.disable();
  }
  const left: Open[] = [...open.values()]
    .filter(({ resource }) => !isOver(resource))
    .map(({ what, stack }) => ({ what, stack }));
  for (const [event, count] of listeners()) {
    if (count > (signals.get(event) ?? 0)) left.push({ what: `a listener for '${event}' of the process`, stack: '' });
  }
  return left;
}

/** A timer that has run or was cleared is forgotten by Node before async_hooks hears of it. */
function isOver(resource: object): boolean {
  return '_destroyed' in resource && resource._destroyed === true;
}

function listeners(): Map<string, number> {
  return new Map(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}

/** The first line of the stack that is neither Node's nor ours. */
export function placeOf(stack: string): string {
  const lines = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
  const own = lines.find((line) => !/node:|[/\\]core[/\\](?:testing|kernel|net|plugin|proxy|upstream)[/\\]/.test(line));
  return own === undefined ? '' : ` (${own})`;
}
