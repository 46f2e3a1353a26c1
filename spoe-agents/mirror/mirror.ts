import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Headers } from '../sdk/index.ts';
import { passedOn } from '../shared/forwarded-headers.ts';

export interface MirrorOptions {
  /** Where requests are sent again; its path is put before theirs. */
  readonly to: URL;
  /** Share of the requests, 0 to 1. */
  readonly sample: number;
  /** Requests under way at once; what is above is not mirrored. */
  readonly maxConcurrent: number;
  /** Milliseconds for a whole request. */
  readonly timeoutMs: number;
  /** In place of the client's `host`. */
  readonly host: string | undefined;
}

export interface MirroredRequest {
  readonly method: string;
  /** Path and query, or an absolute URL. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: AsyncIterable<Buffer> | Buffer | null;
}

/** Sends requests a second time, and forgets what is answered. */
export class Mirror {
  readonly counters = { mirrored: 0, failed: 0, notSampled: 0, dropped: 0 };
  readonly #options: MirrorOptions;
  readonly #pool: HttpAgent;
  #active = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
    const pool = { keepAlive: true, maxSockets: options.maxConcurrent };
    this.#pool = options.to.protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
  }

  /** Whether the next request is to be mirrored. */
  choose(): boolean {
    if (Math.random() >= this.#options.sample) this.counters.notSampled++;
    else if (this.#active >= this.#options.maxConcurrent) this.counters.dropped++;
    else return true;
    return false;
  }

  /** @throws Error when it could not be sent, or was not answered in time. */
  async send(request: MirroredRequest): Promise<void> {
    this.#active++;
    try {
      await this.#exchange(request);
      this.counters.mirrored++;
    } catch (error) {
      this.counters.failed++;
      throw error;
    } finally {
      this.#active--;
    }
  }

  close(): void {
    this.#pool.destroy();
  }

  #exchange({ method, target, headers, body }: MirroredRequest): Promise<void> {
    const { to, timeoutMs, host } = this.#options;
    return new Promise((resolve, reject) => {
      const send = to.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent = send(to, {
        method,
        path: to.pathname.replace(/\/$/, '') + pathOf(target),
        headers: this.#headers(headers, body, host),
        agent: this.#pool,
        signal: AbortSignal.timeout(timeoutMs),
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        response.resume();
        response.on('end', resolve);
        response.on('error', reject);
      });
      if (body === null || Buffer.isBuffer(body)) sent.end(body ?? undefined);
      else void pour(body, sent);
    });
  }

  #headers(
    headers: Headers,
    body: MirroredRequest['body'],
    host: string | undefined,
  ): Record<string, string | string[]> {
    const sent: Record<string, string | string[]> = passedOn(headers);
    const said = host ?? sent['host']?.at(0);
    if (said !== undefined) sent['host'] = said;
    if (Buffer.isBuffer(body)) sent['content-length'] = String(body.length);
    return sent;
  }
}

/** Path and query of a request's target; an absolute URL (RFC 9112 3.2.2) loses its authority. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)$/i.exec(target)?.[1] ?? '';
  return path.startsWith('/') ? path : `/${path}`;
}

async function pour(body: AsyncIterable<Buffer>, into: ReturnType<typeof httpRequest>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (into.destroyed) return;
      if (!into.write(chunk))
        await new Promise<void>((resolve) => {
          const go = (): void => {
            into.off('drain', go).off('close', go);
            resolve();
          };
          into.on('drain', go).on('close', go);
        });
    }
    into.end();
  } catch (error) {
    into.destroy(error as Error);
  }
}
