import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Headers } from '../sdk/index.ts';
import { passedOn } from '../shared/forwarded-headers.ts';

const SAID = ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-for'];

/** What is known of a client's request. */
export interface AskedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly client: string | undefined;
  readonly tls: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Asks an HTTP service whether a request may pass, as nginx's auth_request and Traefik's ForwardAuth do: a GET with the request's headers. */
export class ForwardAuth {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #pool: HttpAgent;

  constructor(url: URL, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#pool = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** @throws Error when there is no answer in time. */
  ask({ method, target, headers, client, tls }: AskedRequest, signal: AbortSignal): Promise<Answer> {
    const sent = passedOn(headers);
    const host = sent['host']?.at(0);
    // What these say is ours to say, never the client's.
    for (const name of ['host', ...SAID]) delete sent[name];
    const said = {
      'x-forwarded-method': method,
      'x-forwarded-uri': target,
      'x-forwarded-proto': tls ? 'https' : 'http',
      ...(host === undefined ? {} : { 'x-forwarded-host': host }),
      ...(client === undefined ? {} : { 'x-forwarded-for': client }),
    };
    return new Promise((resolve, reject) => {
      const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(this.#url, {
        headers: { ...sent, ...said },
        agent: this.#pool,
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
      });
      request.on('error', reject);
      request.on('response', (response) => {
        response.resume();
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }));
      });
      request.end();
    });
  }

  close(): void {
    this.#pool.destroy();
  }
}
