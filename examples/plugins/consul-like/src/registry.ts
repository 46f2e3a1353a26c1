import { request } from 'node:http';

/** A healthy instance of a service. */
export interface Instance {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
}

/** A registry's answer is small; more than this is something else. */
const LARGEST = 4 * 1024 * 1024;

/**
 * Asks a registry for the instances of a service that pass their checks: Consul's `/v1/health/service/<name>?passing`, or whatever answers in
 * the same way. Rejects with what went wrong.
 */
export async function askRegistry(url: string, timeout: number, signal: AbortSignal): Promise<Instance[]> {
  const text = await get(url, timeout, signal);
  const answer: unknown = JSON.parse(text);
  if (!Array.isArray(answer)) throw new Error('the registry did not answer with a list');
  return answer.map(readInstance);
}

function readInstance(entry: unknown): Instance {
  const { Node: node, Service: service } = entry as { Node?: Fields; Service?: Fields };
  const { ID: id, Address: own, Port: port, Weights: weights } = service ?? {};
  // Without one of its own a service is where its node is.
  const address = typeof own === 'string' && own !== '' ? own : node?.['Address'];
  if (typeof id !== 'string' || typeof address !== 'string' || typeof port !== 'number') {
    throw new Error(
      `the registry told of an instance without ID, Address or Port: ${JSON.stringify(entry).slice(0, 100)}`,
    );
  }
  const { Passing: passing } = (weights ?? {}) as { Passing?: unknown };
  const weight = typeof passing === 'number' ? Math.min(256, Math.max(0, Math.round(passing))) : 1;
  return { id, address, port, weight };
}

type Fields = Record<string, unknown>;

function get(url: string, timeout: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    // A connection for each question: nothing is left open between two of them.
    const asked = request(
      url,
      { agent: false, signal, timeout, headers: { accept: 'application/json' } },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`the registry answered ${response.statusCode}`));
          return;
        }
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (more: string) => {
          text += more;
          if (text.length > LARGEST) asked.destroy(new Error('the registry answered too much'));
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`the registry did not answer within ${timeout} ms`)));
    asked.on('error', reject);
    asked.end();
  });
}
