import type { RequestInput } from './client.ts';
import type { Observation } from './observation.ts';
import type { OriginScript } from './origin-script.ts';
import type { SeenRequest } from './seen-request.ts';
import { type ExchangeOptions, startProxy, type StartOptions } from './start-proxy.ts';
import type { ClientResponse } from './client.ts';

export interface InjectOptions extends Omit<StartOptions, 'addresses' | 'standIns'> {
  /** What every server answers that {@link StartOptions.servers} does not replace; an empty 200 if left out. */
  readonly answer?: OriginScript;
  readonly frontend?: string;
  /** Who the client is, and what it connected to. */
  readonly source?: ExchangeOptions['source'];
  readonly destination?: ExchangeOptions['destination'];
}

export interface Injected {
  readonly response: ClientResponse;
  readonly observation: Observation;
  /** What the server got that was chosen; undefined where the proxy answered by itself. */
  readonly forwarded: SeenRequest | undefined;
}

/**
 * Sends one request through a configuration without a single socket: the client's connection and that to the server are streams
 * within the process. All in between is the proxy as it runs: parsing, rules, backend, server, answer, log.
 */
export async function inject(options: InjectOptions, input: RequestInput | string = '/'): Promise<Injected> {
  const { answer = {}, frontend, source, destination, ...rest } = options;
  const proxy = await startProxy({ checks: 'off', ...rest, addresses: 'none', standIns: true });
  try {
    for (const path of proxy.standInPaths) proxy.standIn(path).answer(answer);
    const { response, observation } = await proxy.exchange(input, {
      ...(frontend === undefined ? {} : { frontend }),
      ...(source === undefined ? {} : { source }),
      ...(destination === undefined ? {} : { destination }),
    });
    const { backend, server } = observation;
    const path = `${backend}/${server}`;
    const forwarded = proxy.standInPaths.includes(path) ? proxy.standIn(path).requests[0] : undefined;
    return { response, observation, forwarded };
  } finally {
    await proxy.stop();
  }
}
