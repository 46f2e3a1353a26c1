import { connect } from 'node:net';
import { type RunningProxy, startProxy } from '../support/proxy.ts';

/** A request by its parts; `backend` says who chooses its server. */
export interface Ask {
  readonly backend: string;
  readonly target?: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/**
 * A program whose backends are the given sections, with `{origin}` for the address of every server: a frontend of its own that
 * answers at once. Which server had been chosen stands in the answer.
 */
export async function startChooser(program: string, sections: string, global = ''): Promise<RunningProxy> {
  return startProxy(
    2,
    ([front, origin]) => `global
  log stdout format raw local0
  nbthread 1
  ${global}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  retries 0
frontend origin
  bind 127.0.0.1:${origin}
  http-request return status 200
frontend choose
  bind 127.0.0.1:${front}
  http-request set-src req.hdr(x-src) if { req.hdr(x-src) -m found }
  http-response set-header x-server %s
  use_backend %[req.hdr(x-backend)]
${sections.replaceAll('{origin}', `127.0.0.1:${origin}`)}
`,
    program,
  );
}

function bytesOf({ backend, target = '/', method = 'GET', headers = [], body }: Ask): string {
  const fields = [['host', 'example.com'], ['x-backend', backend], ...headers];
  if (body !== undefined) fields.push(['content-length', String(body.length)]);
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** How many requests are on their way at once. */
const BATCH = 50;

/** The server that each request got, or the status of the answer that no server gave. One after the other on one connection. */
export async function picks(port: number, asks: readonly Ask[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  const got: string[] = [];
  let text = '';
  let wake = (): void => undefined;
  socket.on('data', (more: string) => {
    text += more;
    wake();
  });
  socket.on('close', () => wake());
  socket.on('error', () => wake());
  for (let at = 0; at < asks.length; at += BATCH) {
    const batch = asks.slice(at, at + BATCH);
    socket.write(batch.map(bytesOf).join(''), 'latin1');
    let answers: string[] = [];
    for (;;) {
      answers = whole(text);
      if (answers.length >= batch.length) break;
      if (socket.destroyed) throw new Error(`the proxy closed: ${text.slice(-300)}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    text = '';
    for (const head of answers) got.push(/^x-server: (\S+)/m.exec(head)?.[1] ?? head.slice(9, 12));
  }
  socket.destroy();
  return got;
}

/** The heads of the complete answers at the beginning of a text. */
function whole(text: string): string[] {
  const heads: string[] = [];
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return heads;
    const head = text.slice(at, end);
    at = end + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (at > text.length) return heads;
    heads.push(head);
  }
}
