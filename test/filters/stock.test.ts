import { afterEach, describe, expect, it, vi } from 'vitest';
import { RateMeter } from '../../plugins/filters/rate.ts';
import { answering, Harness } from './harness.ts';

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

let harness: Harness;
afterEach(async () => {
  vi.restoreAllMocks();
  await harness.stop();
});

describe('filter trace', () => {
  it('says what happens, and dumps what passes', async () => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      lines.push(...String(text).split('\n').slice(0, -1));
      return true;
    });
    harness = await Harness.start(
      `frontend f
  bind 127.0.0.1:0
  filter trace name FE hexdump
  default_backend b
backend b
  filter trace
  server s {origin}`,
      answering('HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\nhello, world! END\n'),
    );
    await harness.exchange(GET, 'END');
    await harness.stop();
    // The time and the stream's number differ from run to run.
    const told = lines.map((line) =>
      line
        .replace(/^\d{10}\.\d{6} /, '')
        .replace(/\[strm \d+\] /, '')
        .trimEnd(),
    );
    expect(
      told.filter((line) => /^\[FE\/f {16}\]|^\t/.test(line)).map((line) => line.replace(/^\[.*?\] /, '')),
    ).toEqual([
      'trace_attach             : filter-type=frontend',
      'trace_stream_start',
      'trace_chn_analyze        : channel=REQUEST    - mode=HTTP  (frontend) - stage=frontend-tcp-request',
      'trace_chn_analyze        : channel=REQUEST    - mode=HTTP  (frontend) - stage=frontend-http-request',
      'trace_stream_set_backend : backend=b',
      'trace_chn_analyze        : channel=REQUEST    - mode=HTTP  (backend) - stage=backend-tcp-request',
      'trace_chn_analyze        : channel=REQUEST    - mode=HTTP  (backend) - stage=backend-http-request',
      'trace_http_headers       : channel=REQUEST    - mode=HTTP  (backend)\tGET / HTTP/1.1',
      'trace_http_end           : channel=REQUEST    - mode=HTTP  (backend)',
      'trace_chn_analyze        : channel=RESPONSE   - mode=HTTP  (backend) - stage=server',
      'trace_chn_analyze        : channel=RESPONSE   - mode=HTTP  (backend) - stage=tcp-response',
      'trace_chn_analyze        : channel=RESPONSE   - mode=HTTP  (backend) - stage=http-response',
      'trace_http_headers       : channel=RESPONSE   - mode=HTTP  (backend)\tHTTP/1.1 200 OK',
      'trace_http_payload       : channel=RESPONSE   - mode=HTTP  (backend) - offset=0 - len=18 - forward=18',
      '\t0x000000: 68 65 6c 6c 6f 2c 20 77   6f 72 6c 64 21 20 45 4e   |hello, world! EN|',
      '\t0x000010: 44 0a                                               |D.|',
      'trace_http_end           : channel=RESPONSE   - mode=HTTP  (backend)',
      'trace_stream_stop        : cause=complete',
      'trace_detach             : filter-type=frontend',
    ]);
    expect(
      told.filter((line) => line.startsWith('[TRACE/b             ]')).map((line) => line.slice(23, 45).trim()),
    ).toContain('trace_http_payload');
    expect(told.some((line) => line.endsWith('\tcontent-length: 18'))).toBe(true);
  });

  it('passes random parts, and none larger than it is told to', async () => {
    const body = Array.from({ length: 5000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    harness = await Harness.start(
      'filter trace quiet random-forwarding max-fwd 100',
      answering(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1388\r\n${body}\r\n0\r\n\r\n`),
    );
    const answer = await harness.exchange(GET, '0\r\n\r\n');
    const sizes = [...answer.matchAll(/(?:^|\r\n)([0-9a-f]+)\r\n(?=[a-z])/g)].map(([, size]) => parseInt(size!, 16));
    expect(sizes.length).toBeGreaterThan(50);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
    expect(answer.replace(/\r\n[0-9a-f]+\r\n/g, '').endsWith(`${body.slice(-50)}\r\n`)).toBe(true);
  });
});

describe('bandwidth limits', () => {
  it('pass a limit at once and then so much a period', () => {
    const meter = new RateMeter({ limit: 1000, period: 1000 }, 0);
    expect(meter.allowance(0)).toBe(1000);
    meter.passed(1000);
    expect(meter.allowance(500)).toBe(0);
    expect(meter.delay(10, 500)).toBe(500);
    // A second later half of what passed has left the last 1000 ms, and so on.
    expect(meter.allowance(1500)).toBe(500);
    meter.passed(500);
    expect(meter.allowance(1500)).toBe(0);
    expect(meter.delay(10, 1500)).toBe(10);
    expect(meter.allowance(1750)).toBe(250);
    expect(meter.allowance(10_000)).toBe(1000);
  });

  const timed = async (lines: string, message: string, response: string, until: string): Promise<number> => {
    harness = await Harness.start(lines, answering(response, message.slice(-4)));
    const begun = performance.now();
    expect(await harness.exchange(message, until)).toContain(until);
    const took = performance.now() - begun;
    await harness.stop();
    return took;
  };
  const BODY = 'x'.repeat(29_997);
  const LARGE = `HTTP/1.1 200 OK\r\ncontent-length: 30000\r\n\r\n${BODY}END`;
  const POST = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 30000\r\n\r\n${BODY}END`;
  const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nEND';

  it('slow down responses for which a rule says so', async () => {
    const lines = `filter bwlim-out slow default-limit 10000 default-period 100
  http-request set-bandwidth-limit slow if { method GET }`;
    // The first limit passes at once, the other two take a period each.
    expect(await timed(lines, GET, LARGE, 'END')).toBeGreaterThan(150);
    // Whom no rule slows down does not wait for the hour.
    await timed(lines.replace('GET', 'POST').replace('default-period 100', 'default-period 1h'), GET, LARGE, 'END');
  });

  it('by the rate of the rule', async () => {
    const lines = `filter bwlim-out slow default-limit 10 default-period 1h
  http-response set-bandwidth-limit slow limit int(10000) period 100`;
    expect(await timed(lines, GET, LARGE, 'END')).toBeGreaterThan(150);
  });

  it('slow down requests', async () => {
    const lines = `filter bwlim-in slow default-limit 10000 default-period 100 min-size 1000
  http-request set-bandwidth-limit slow`;
    expect(await timed(lines, POST, OK, '\r\n\r\nEND')).toBeGreaterThan(150);
  });

  it('slow down connections in TCP mode', async () => {
    harness = await Harness.start(
      `filter bwlim-out slow default-limit 10000 default-period 100
  tcp-request content set-bandwidth-limit slow`,
      (conversation) => conversation.send(`${BODY}END`),
      { mode: 'tcp' },
    );
    const begun = performance.now();
    const client = await harness.client();
    expect(await client.when(() => client.received.length === 30_000, 3000)).toBe(true);
    expect(performance.now() - begun).toBeGreaterThan(150);
  });
});

describe('filter-sequence', () => {
  it('orders filters, and leaves out what it does not name', async () => {
    harness = await Harness.start(
      `filter replace response a b
  filter count
  filter-sequence response count`,
      answering('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\naEND'),
    );
    expect(await harness.exchange(GET, 'END')).toMatch(/content-length: 4\r\n\r\naEND$/);
  });
});

describe('a filter whose word is a prefix', () => {
  it('is told the whole word', async () => {
    const told: string[] = [];
    const keyword = {
      usage: '',
      summary: '',
      prefix: true,
      parse: (words: { keyword: string }) => {
        told.push(words.keyword);
        return { attach: () => undefined };
      },
    };
    harness = await Harness.start(
      'filter script.one\n  filter script.two\n  filter-sequence request script.two',
      answering('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nEND'),
      { plugins: [{ name: 'script', api: 1, filters: { 'script.': keyword } }] },
    );
    expect(await harness.exchange(GET, 'END')).toMatch(/END$/);
    expect(told).toEqual(['filter script.one', 'filter script.two']);
  });
});
