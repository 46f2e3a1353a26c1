import { createServer, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpopWriter, stringBytes } from 'sluice/agent';
import { describe, expect, it, onTestFinished } from 'vitest';
import { command } from '../../spoe-agents/mirror/command.ts';
import { listenAnywhere } from '../support/free-port.ts';
import { startHaproxy } from '../spoe-sdk/haproxy-client.ts';
import { PROXIES, startAgent } from './support.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that keeps what it was asked. */
async function shadow(answers: Promise<void> = Promise.resolve()): Promise<{ seen: Seen[]; url: string }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (text) => (body += String(text)));
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      void answers.then(() => response.writeHead(500).end('nobody reads this'));
    });
  });
  const port = await listenAnywhere(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, url: `http://127.0.0.1:${port}` };
}

const HEADERS =
  'host: www.example.com\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\ncookie: a=b\r\nx-two: 1\r\nx-two: 2\r\ntransfer-encoding: chunked\r\n\r\n';

describe('the agent', () => {
  it('sends a request again as it was, without what belongs to a hop', async () => {
    const { seen, url } = await shadow();
    const { client, counters } = await startAgent(command, ['--to', `${url}/base/`]);
    const args = { method: 'POST', url: '/a%20b?q=1', headers: HEADERS, body: Buffer.from('hello') };
    expect((await client.notify('mirror', args)).actions).toEqual([]);
    await expect.poll(() => seen.length).toBe(1);
    const { headers, ...rest } = seen[0]!;
    expect(rest).toEqual({ method: 'POST', url: '/base/a%20b?q=1', body: 'hello' });
    expect(headers).toMatchObject({ host: 'www.example.com', cookie: 'a=b', 'x-two': '1, 2', 'content-length': '5' });
    expect(Object.keys(headers)).not.toContain('x-hop');
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(counters()).toMatchObject({ handlerErrors: 0 });
  });

  it('reads binary headers and absolute URLs', async () => {
    const { seen, url } = await shadow();
    const { client } = await startAgent(command, ['--to', url, '--host', 'shadow.example']);
    const writer = new SpopWriter('latin1');
    for (const text of ['host', 'www.example.com', 'x-byte', 'é', '', '']) writer.string(text);
    await client.notify('mirror', { url: '/', headers: stringBytes(Buffer.from('x-byte: \xe9\r\n\r\n', 'latin1')) });
    await expect.poll(() => seen.length).toBe(1);
    expect(seen.pop()!.headers).toMatchObject({ 'x-byte': 'é' });
    const args = { url: 'http://www.example.com:8080?x', headers: Buffer.from(writer.bytes()) };
    await client.notify('mirror', args);
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/?x', headers: { host: 'shadow.example', 'x-byte': 'é' } });
  });

  it('keeps nobody waiting, and mirrors no more at once than it may', async () => {
    let release: (() => void) | undefined;
    const { seen, url } = await shadow(new Promise((resolve) => (release = resolve)));
    const { client, counters } = await startAgent(command, ['--to', url, '--max-concurrent', '3']);
    await Promise.all(Array.from({ length: 10 }, () => client.notify('mirror', { url: '/' })));
    expect(counters().acks).toBe(10);
    await expect.poll(() => seen.length).toBe(3);
    release!();
    await expect
      .poll(async () => {
        await client.notify('mirror', { url: '/later' });
        return seen.some(({ url: path }) => path === '/later');
      })
      .toBe(true);
  });

  it('takes a sample', async () => {
    const { seen, url } = await shadow();
    const { client } = await startAgent(command, ['--to', url, '--sample', '0.25', '--max-concurrent', '1000']);
    await Promise.all(Array.from({ length: 800 }, () => client.notify('mirror', { url: '/' })));
    await expect.poll(() => seen.length).toBeGreaterThan(120);
    await sleep(50);
    expect(seen.length).toBeLessThan(280);
  });

  it('passes a streamed body on as it comes', async () => {
    const { seen, url } = await shadow();
    const { client } = await startAgent(command, ['--to', url]);
    const chunks = Array.from({ length: 50 }, (_, index) => Buffer.alloc(5000, 97 + (index % 26)));
    await client.notifyBody('mirror', { method: 'PUT', url: '/up' }, chunks);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'PUT', body: Buffer.concat(chunks).toString() });
  });

  it('answers as ever when the other server is not there, and says so once', async () => {
    const { client, logged, counters } = await startAgent(command, ['--to', 'http://127.9.9.9:9', '--timeout', '1s']);
    await Promise.all(Array.from({ length: 20 }, () => client.notify('mirror', { url: '/' })));
    await expect.poll(() => logged.length).toBe(1);
    await sleep(50);
    expect(logged.map(({ message }) => message)).toEqual(['a request was not mirrored']);
    expect(counters()).toMatchObject({ acks: 20, handlerErrors: 0 });
  });

  it('refuses what it cannot use', async () => {
    await expect(startAgent(command, [])).rejects.toThrow('--to is needed');
    await expect(startAgent(command, ['--to', 'x'])).rejects.toThrow('a URL with http: or https:');
    await expect(startAgent(command, ['--to', 'http://x', '--sample', '2'])).rejects.toThrow('from 0 to 1');
  });
});

describe.each(PROXIES)('behind %s', (program) => {
  it.each(['req.hdrs', 'req.hdrs_bin'])('gets what the client sent (%s)', async (headers) => {
    const { seen, url } = await shadow();
    const agent = await startAgent(command, ['--to', url]);
    const haproxy = await startHaproxy({
      program,
      agent: agent.port,
      messages: {
        mirror: `  args method=method url=url headers=${headers} body=req.body\n  event on-frontend-http-request`,
      },
      rules: '  http-request return status 200',
    });
    try {
      await haproxy.get({ 'x-id': '7', cookie: 'c=1' }, '/path?x=1');
      await expect.poll(() => seen.length).toBe(1);
      const expected = { method: 'GET', url: '/path?x=1', headers: { 'x-id': '7', cookie: 'c=1' } };
      expect(seen[0]).toMatchObject(expected);
    } finally {
      await haproxy.stop();
    }
  });
});

it('has bodies of any size from Sluice', async () => {
  const [first, second] = [await shadow(), await shadow()];
  const agent = await startAgent(command, ['--to', second.url]);
  const proxy = await startHaproxy({
    program: 'sluice',
    agent: agent.port,
    messages: { mirror: '  args method=method url=url headers=req.hdrs\n  event on-http-request-body' },
    rules: '  default_backend origin',
    sections: `backend origin\n  server o ${new URL(first.url).host}`,
  });
  try {
    const body = 'abcdefgh'.repeat(50_000);
    const answer = await fetch(`http://127.0.0.1:${proxy.proxy.ports[0]}/up?x`, { method: 'POST', body });
    expect(answer.status).toBe(500);
    await expect.poll(() => second.seen.length, { timeout: 5000 }).toBe(1);
    for (const { seen } of [first, second]) {
      const { method, url, body: got } = seen[0]!;
      expect([method, url, got === body]).toEqual(['POST', '/up?x', true]);
    }
    expect(agent.counters()).toMatchObject({ handlerErrors: 0, protocolErrors: 0 });
  } finally {
    await proxy.stop();
  }
});
