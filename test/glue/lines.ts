import { createServer } from 'node:http';
import { listenAnywhere } from '../support/free-port.ts';
import { startProxy, type ProxyProgram } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { missing } from '../support/which.ts';

export const absent: readonly string[] = missing('haproxy');
export const PROGRAMS: readonly ProxyProgram[] = absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'];

const GLOBAL = `global
  nbthread 1
defaults
  mode http
  option dontlognull
  option http-ignore-probes
  timeout client 5s
  timeout http-request 500ms
  timeout server 5s
  timeout connect 1s
  retries 0
`;

export interface Outcome {
  /** Log lines, those of the starter's own connections left out. */
  readonly lines: readonly string[];
  /** What each client received. */
  readonly answers: readonly string[];
}

/**
 * Plays each exchange on a connection of its own, one after the other, to a proxy that logs to its standard output. The
 * configuration's frontend listens on the port given first; the second is that of an origin that answers `ok`.
 */
export async function play(
  program: ProxyProgram,
  configuration: (port: number, origin: number) => string,
  exchanges: readonly string[],
): Promise<Outcome> {
  const origin = createServer((_request, response) => {
    response.sendDate = false;
    response.end('ok');
  });
  const originPort = await listenAnywhere(origin);
  const proxy = await startProxy(1, ([port]) => GLOBAL + configuration(port!, originPort), program);
  const answers: string[] = [];
  try {
    const before = count(proxy.process.stdout);
    for (const [index, bytes] of exchanges.entries()) {
      const client = await RawClient.connect(proxy.ports[0]!);
      client.send(bytes);
      await client.when(() => client.closed !== 'open', 3000);
      client.destroy();
      answers.push(client.received);
      await proxy.process.when(() => count(proxy.process.stdout) > before + index, 3000);
    }
    return { lines: proxy.process.stdout.split('\n').slice(before, -1), answers };
  } finally {
    await proxy.stop();
    origin.closeAllConnections();
    await new Promise((resolve) => origin.close(resolve));
  }
}

const count = (text: string): number => text.split('\n').length - 1;
