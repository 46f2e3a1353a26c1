import { Agent, request as send } from 'node:http';
import { RawClient } from '../support/raw-client.ts';
import { bodyOf } from './origin.ts';

/** How a request went: the status of a whole and right answer, or what was wrong. */
export type Outcome = number | 'failed' | 'wrong' | 'hung';

/** Sends one request and checks the body of its answer. */
export function ask(port: number, path: string, agent: Agent, body?: Buffer): Promise<Outcome> {
  return new Promise((resolve) => {
    const outgoing = send({ port, host: '127.0.0.1', path, agent, method: body === undefined ? 'GET' : 'POST' });
    const timer = setTimeout(() => {
      resolve('hung');
      outgoing.destroy();
    }, 8000);
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    outgoing.on('error', () => settle('failed'));
    outgoing.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => settle('failed'));
      response.on('end', () => {
        if (!response.complete) settle('failed');
        else if (response.statusCode !== 200) settle(response.statusCode!);
        else {
          const expected = body ?? bodyOf(path, Number(path.split('/')[2]));
          settle(Buffer.concat(parts).equals(expected) ? 200 : 'wrong');
        }
      });
      response.on('close', () => settle('failed'));
    });
    outgoing.end(body);
  });
}

/** Clients that ask one request after the other until told to stop; counts outcomes. */
export class Crowd {
  readonly outcomes: Map<Outcome, number> = new Map();
  readonly #agent: Agent;
  readonly #members: Promise<void>[] = [];
  #stopped = false;

  constructor(size: number, keepAlive: boolean, ports: readonly number[], paths: readonly string[], upload?: Buffer) {
    this.#agent = new Agent({ keepAlive, maxSockets: size });
    for (let i = 0; i < size; i++) this.#members.push(this.#member(i, ports, paths, upload));
  }

  async #member(index: number, ports: readonly number[], paths: readonly string[], upload?: Buffer): Promise<void> {
    for (let turn = index; !this.#stopped; turn++) {
      const path = paths[turn % paths.length]!;
      const outcome = await ask(ports[turn % ports.length]!, path, this.#agent, path === '/echo' ? upload : undefined);
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    }
  }

  async stop(): Promise<Map<Outcome, number>> {
    this.#stopped = true;
    await Promise.all(this.#members);
    this.#agent.destroy();
    return this.outcomes;
  }
}

/** A client that misbehaves in one of several ways for about `ms` milliseconds, then leaves. */
export async function misbehave(port: number, kind: number, ms: number): Promise<void> {
  let client: RawClient;
  try {
    client = await RawClient.connect(port, { halfOpen: true });
  } catch {
    return;
  }
  const { socket } = client;
  const large = 'GET /length/1000000 HTTP/1.1\r\nHost: h\r\n\r\n';
  switch (kind % 6) {
    case 0:
      // Reads nothing of what it asked for.
      socket.pause();
      client.send(large.repeat(3));
      break;
    case 1:
      client.send('GET /length/10 HTTP/1.1\r\nHo');
      break;
    case 2:
      client.send('POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nshort');
      break;
    case 3:
      for (const letter of 'GET /length/10 HTTP/1.1\r\nHost: h\r\n\r\n') {
        client.send(letter);
        await new Promise((resolve) => setTimeout(resolve, ms / 40));
      }
      break;
    case 4:
      client.send(large);
      await client.when(() => client.received.length > 5000, ms);
      break;
    default:
      client.send('\x00\x01nonsense\r\n\r\n');
  }
  await client.sawClose(ms);
  if (kind % 2 === 0) client.reset();
  else client.destroy();
}
