import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { crc32c } from '../../core/net/crc32c.ts';
import { formatIPv4, formatIPv6, parseIPv6 } from '../../core/net/ip.ts';
import { parseNetscalerCip } from '../../core/net/netscaler-cip.ts';
import { parseProxyHeader, parseTlvs } from '../../core/net/proxy-protocol.ts';
import type { HeaderResult, ProxyEnds, ProxyHeader } from '../../core/net/proxy-protocol.ts';
import { TLV_TYPES, writeProxyV1, writeProxyV2, writeSslValue } from '../../core/net/proxy-protocol-writer.ts';
import { dial, readAll } from './helpers.ts';

const four: ProxyEnds = {
  family: 4,
  source: '1.2.3.4',
  destination: '5.6.7.8',
  sourcePort: 1000,
  destinationPort: 443,
};
const six: ProxyEnds = { family: 6, source: '2001:db8::1', destination: '::1', sourcePort: 1, destinationPort: 65535 };
const local: ProxyEnds = { family: 'unix', source: '/run/client', destination: '\0abstract' };

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function done(result: HeaderResult<ProxyHeader>): ProxyHeader & { length: number } {
  if (result.state !== 'done') throw new Error(JSON.stringify(result));
  return { ...result.header, length: result.length };
}

function withId(length: number): Buffer {
  return writeProxyV2(four, { tlvs: [{ type: TLV_TYPES.uniqueId, value: Buffer.alloc(length) }] });
}

describe('version 1', () => {
  it.each<[string, ProxyEnds | undefined]>([
    ['PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n', four],
    ['PROXY TCP6 2001:db8::1 ::1 1 65535\r\n', six],
    ['PROXY UNKNOWN\r\n', undefined],
  ])('reads and writes %j', (line, ends) => {
    const header = done(parseProxyHeader(bytes(`${line}GET /`)));
    expect(header).toMatchObject({ version: 1, command: 'proxy', length: line.length });
    expect(header.ends).toEqual(ends);
    expect(writeProxyV1(ends)).toBe(line);
  });

  it('ignores what follows UNKNOWN, and prints addresses canonically', () => {
    expect(done(parseProxyHeader(bytes('PROXY UNKNOWN any thing 1\r\n'))).ends).toBeUndefined();
    expect(done(parseProxyHeader(bytes('PROXY TCP6 0:0:0:0:0:0:0:1 FE80::1 1 2\r\n'))).ends).toMatchObject({
      source: '::1',
      destination: 'fe80::1',
    });
    expect(writeProxyV1(local)).toBe('PROXY UNKNOWN\r\n');
  });

  it('maps the IPv4 end when only one end is IPv6', () => {
    expect(writeProxyV1({ ...six, destination: '10.0.0.1' })).toBe(
      'PROXY TCP6 2001:db8::1 ::ffff:10.0.0.1 1 65535\r\n',
    );
  });

  it.each([
    'GET / HTTP/1.1\r\n\r\n',
    'PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n',
    'PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 70000\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n',
    'PROXY TCP4 ::1 ::2 1 2\r\n',
    'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY UNKNOWNX\r\n',
    'proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
    `PROXY UNKNOWN ${'x'.repeat(200)}`,
  ])('refuses %j', (line) => expect(parseProxyHeader(bytes(line)).state).toBe('bad'));

  it('takes a line of 107 bytes', () => {
    expect(done(parseProxyHeader(bytes(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`))).length).toBe(107);
  });
});

describe('version 2', () => {
  it.each<[string, ProxyEnds | undefined, number]>([
    ['IPv4', four, 28],
    ['IPv6', six, 52],
    ['UNIX', local, 232],
    ['nothing', undefined, 16],
  ])('carries %s', (_name, ends, length) => {
    const header = done(parseProxyHeader(writeProxyV2(ends)));
    expect(header).toMatchObject({ version: 2, command: 'proxy', length, tlvs: [] });
    expect(header.ends).toEqual(ends);
    expect(header.transport).toBe(ends === undefined ? 'unspecified' : 'stream');
  });

  it('carries datagrams, LOCAL, and TLVs with a checksum', () => {
    expect(done(parseProxyHeader(writeProxyV2(four, { transport: 'dgram' }))).transport).toBe('dgram');
    const own = writeProxyV2(four, { command: 'local' });
    expect(own.length).toBe(16);
    expect(done(parseProxyHeader(own))).toMatchObject({ command: 'local', ends: undefined });
    const tlvs = [
      { type: TLV_TYPES.authority, value: bytes('www.example') },
      { type: TLV_TYPES.uniqueId, value: bytes('id') },
      { type: TLV_TYPES.netns, value: bytes('') },
      {
        type: TLV_TYPES.ssl,
        value: writeSslValue(7, 1, [{ type: TLV_TYPES.sslVersion, value: bytes('TLSv1.3') }]),
      },
    ];
    const header = writeProxyV2(six, { tlvs, crc32c: true });
    const read = done(parseProxyHeader(header));
    expect(read.tlvs.map(({ type, value }) => [type, Buffer.from(value).toString('latin1')])).toEqual([
      [TLV_TYPES.crc32c, expect.any(String)],
      ...tlvs.map(({ type, value }) => [type, Buffer.from(value).toString('latin1')]),
    ]);
    const inner = parseTlvs(read.tlvs[4]!.value.subarray(5));
    expect(inner).toEqual([{ type: TLV_TYPES.sslVersion, value: bytes('TLSv1.3') }]);
    for (let i = 16; i < header.length; i++) {
      const spoiled = Buffer.from(header);
      spoiled[i]! ^= 1;
      expect(parseProxyHeader(spoiled)).not.toEqual(parseProxyHeader(header));
      if (i < 52) expect(parseProxyHeader(spoiled)).toMatchObject({ state: 'bad', reason: /checksum/ });
    }
  });

  it('skips all of LOCAL, whatever its family', () => {
    const header = Buffer.concat([writeProxyV2(four), bytes('rest')]);
    header[12] = 0x20;
    header[13] = 0x77;
    expect(done(parseProxyHeader(header))).toMatchObject({ command: 'local', length: 28, ends: undefined });
  });

  it.each<[string, (header: Buffer) => Buffer]>([
    ['version 1', (header) => header.fill(0x11, 12, 13)],
    ['an unknown command', (header) => header.fill(0x22, 12, 13)],
    ['an unknown family', (header) => header.fill(0x41, 13, 14)],
    ['an unknown transport', (header) => header.fill(0x13, 13, 14)],
    ['a length below its addresses', (header) => header.fill(11, 15, 16)],
    ['a broken signature', (header) => header.fill(1, 4, 5)],
    ['a TLV of one byte', (header) => Buffer.concat([header.fill(13, 15, 16), bytes('\x02')])],
    ['a TLV cut short', (header) => Buffer.concat([header.fill(17, 15, 16), bytes('\x02\0\x03ab')])],
    ['a checksum of 3 bytes', (header) => Buffer.concat([header.fill(18, 15, 16), bytes('\x03\0\x03abc')])],
    ['a wrong checksum', (header) => Buffer.concat([header.fill(19, 15, 16), bytes('\x03\0\x04abcd')])],
  ])('refuses %s', (_name, spoil) => expect(parseProxyHeader(spoil(writeProxyV2(four))).state).toBe('bad'));

  it('refuses a unique ID above 128 bytes, and what exceeds the limit given', () => {
    expect(parseProxyHeader(withId(128)).state).toBe('done');
    expect(parseProxyHeader(withId(129)).state).toBe('bad');
    expect(parseProxyHeader(withId(100), 130).state).toBe('bad');
    expect(() => withId(65536)).toThrow(RangeError);
  });
});

describe('the parsers', () => {
  const host4 = fc.nat(0xffffffff).map(formatIPv4);
  const host6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((value) => formatIPv6(value));
  const port = fc.nat(65535);
  const ends = fc.oneof(
    fc.record({
      family: fc.constant(4 as const),
      source: host4,
      destination: host4,
      sourcePort: port,
      destinationPort: port,
    }),
    fc.record({
      family: fc.constant(6 as const),
      source: host6,
      destination: host6,
      sourcePort: port,
      destinationPort: port,
    }),
  );
  const tlvs = fc.array(
    fc.record({ type: fc.constantFrom(1, 2, 4, 0x30, 0xe0, 0xff), value: fc.uint8Array({ maxLength: 40 }) }),
    {
      maxLength: 4,
    },
  );

  it('want more at every split of a header, and then give the same', () => {
    fc.assert(
      fc.property(ends, tlvs, fc.boolean(), fc.boolean(), (told, extra, crc, one) => {
        const header = one ? bytes(writeProxyV1(told)) : writeProxyV2(told, { tlvs: extra, crc32c: crc });
        const all = Buffer.concat([header, bytes('\r\n')]);
        for (let i = 0; i < header.length; i++) {
          expect(parseProxyHeader(all.subarray(0, i)).state).toBe('more');
        }
        const read = done(parseProxyHeader(all));
        expect(read.length).toBe(header.length);
        expect(read.ends).toEqual(told);
        expect(parseProxyHeader(header)).toEqual(parseProxyHeader(all));
      }),
      { numRuns: 50 },
    );
  });

  it('never throw on garbage, and once bad stay bad', () => {
    const valid = fc.constantFrom(writeProxyV2(four), writeProxyV2(local), bytes(writeProxyV1(six)));
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 130 }),
      fc.tuple(valid, fc.nat(60), fc.nat(255), fc.uint8Array({ maxLength: 20 })).map(([header, at, value, rest]) => {
        const spoiled = Buffer.concat([header, rest]);
        spoiled[at % spoiled.length] = value;
        return spoiled;
      }),
    );
    fc.assert(
      fc.property(garbage, (input) => {
        let state = 'more';
        for (let i = 0; i <= input.length; i++) {
          const next = parseProxyHeader(input.subarray(0, i)).state;
          expect(state === 'more' ? ['more', 'done', 'bad'] : [state]).toContain(next);
          state = next;
        }
        expect(['more', 'done', 'bad']).toContain(parseNetscalerCip(input, 1).state);
      }),
      { numRuns: 1000 },
    );
  });

  it('check against the known CRC32c', () => {
    expect(crc32c(bytes('123456789'))).toBe(0xe3069283);
  });
});

const tcp = Buffer.from('045708ae0000000000000000500200640000 0000'.replace(' ', ''), 'hex');
const ipv4 = Buffer.from('45000028000100004006 0000 01020304 05060708'.replaceAll(' ', ''), 'hex');
const ipv6 = Buffer.concat([Buffer.from('6000000000140640', 'hex'), parseIPv6('2001::1')!, parseIPv6('2001::2')!]);

function older(...parts: Buffer[]): Buffer {
  const headers = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(1234);
  head.writeUInt32BE(headers.length, 4);
  return Buffer.concat([head, headers]);
}

function newer(...parts: Buffer[]): Buffer {
  const headers = Buffer.concat(parts);
  const head = Buffer.alloc(12);
  head.writeUInt32BE(1234);
  head.writeUInt32BE(headers.length + 12, 4);
  head.writeUInt16BE(headers.length, 10);
  return Buffer.concat([head, headers]);
}

describe('the NetScaler client IP protocol', () => {
  it.each([
    ['older', older(ipv4, tcp), '1.2.3.4'],
    ['newer', newer(ipv4, tcp), '1.2.3.4'],
    ['older, IPv6', older(ipv6, tcp), '2001::1'],
    ['newer, IPv6', newer(ipv6, tcp), '2001::1'],
  ])('reads the %s form at every split', (_name, header, source) => {
    const all = Buffer.concat([header, bytes('GET')]);
    for (let i = 0; i < header.length; i++) expect(parseNetscalerCip(all.subarray(0, i), 1234).state).toBe('more');
    expect(parseNetscalerCip(all, 1234)).toMatchObject({
      state: 'done',
      length: header.length,
      header: { source, sourcePort: 1111, destinationPort: 2222 },
    });
  });

  it('skips IP options, and refuses what is not TCP over IP with that magic number', () => {
    const options = Buffer.concat([Buffer.from([0x46]), ipv4.subarray(1), Buffer.alloc(4)]);
    expect(parseNetscalerCip(older(options, tcp), 1234)).toMatchObject({ header: { sourcePort: 1111 } });
    expect(parseNetscalerCip(older(ipv4, tcp), 99).state).toBe('bad');
    expect(parseNetscalerCip(older(ipv4, tcp.subarray(4)), 1234).state).toBe('bad');
    expect(parseNetscalerCip(older(ipv4, tcp, Buffer.alloc(300)), 1234).state).toBe('bad');
    const udp = Buffer.from(ipv4).fill(17, 9, 10);
    expect(parseNetscalerCip(older(udp, tcp), 1234).state).toBe('bad');
    const three = Buffer.from(ipv4).fill(0x35, 0, 1);
    expect(parseNetscalerCip(older(three, tcp), 1234).state).toBe('bad');
  });
});

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const haproxy = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find((file) => fs.existsSync(file));

/** Starts haproxy on a UNIX socket with the lines given and resolves with that socket's path. */
async function startHaproxy(bindOptions: string, lines: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-pp-'));
  const socket = path.join(folder, 's');
  const file = path.join(folder, 'cfg');
  fs.writeFileSync(
    file,
    `defaults\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n mode http\nlisten l\n bind ${socket} ${bindOptions}\n${lines}\n`,
  );
  const child = spawn(haproxy!, ['-db', '-f', file], { stdio: 'ignore' });
  cleanups.push(() => {
    child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });
  for (;;) {
    try {
      (await dial(socket)).destroy();
      return socket;
    } catch {
      if (child.exitCode !== null) throw new Error(`haproxy exited with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function ask(socket: string, first: Buffer): Promise<string> {
  const client = await dial(socket);
  client.end(Buffer.concat([first, bytes('GET / HTTP/1.0\r\n\r\n')]));
  const answer = await readAll(client);
  client.destroy();
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

describe.runIf(haproxy !== undefined)('with a real haproxy', () => {
  it('is understood by accept-proxy', async () => {
    const reply = '%[src]:%[src_port]>%[dst]:%[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]';
    const socket = await startHaproxy(
      'accept-proxy',
      ` http-request return content-type text/plain lf-string "${reply}"`,
    );
    const seen4 = '1.2.3.4:1000>5.6.7.8:443';
    expect(await ask(socket, bytes(writeProxyV1(four)))).toBe(`${seen4}  `);
    expect(await ask(socket, bytes(writeProxyV1(six)))).toBe('2001:db8::1:1>::1:65535  ');
    expect(await ask(socket, writeProxyV2(four))).toBe(`${seen4}  `);
    const tlvs = [
      { type: TLV_TYPES.authority, value: bytes('host') },
      { type: TLV_TYPES.uniqueId, value: bytes('42') },
    ];
    expect(await ask(socket, writeProxyV2(four, { tlvs, crc32c: true }))).toBe(`${seen4} host 42`);
    expect(await ask(socket, writeProxyV2(six, { crc32c: true }))).toBe('2001:db8::1:1>::1:65535  ');
    expect(await ask(socket, writeProxyV2(four, { command: 'local' }))).toMatch(/ {2}$/);
  });

  it('understands what accept-netscaler-cip does', async () => {
    const reply = '%[src]:%[src_port]>%[dst]:%[dst_port]';
    const socket = await startHaproxy(
      'accept-netscaler-cip 1234',
      ` http-request return content-type text/plain lf-string "${reply}"`,
    );
    for (const header of [older(ipv4, tcp), newer(ipv4, tcp)]) {
      expect(await ask(socket, header)).toBe('1.2.3.4:1111>5.6.7.8:2222');
    }
    for (const header of [older(ipv6, tcp), newer(ipv6, tcp)]) {
      expect(await ask(socket, header)).toBe('2001::1:1111>2001::2:2222');
    }
  });

  it.each([
    ['send-proxy', four],
    ['send-proxy', six],
    ['send-proxy-v2', four],
    ['send-proxy-v2 proxy-v2-options crc32c,unique-id,authority', six],
  ])('understands %s', async (option, told) => {
    const server = net.createServer();
    cleanups.push(() => server.close());
    const got = new Promise<Buffer>((resolve) => {
      server.on('connection', (socket) => {
        let all = Buffer.alloc(0);
        socket.on('data', (chunk: Buffer) => {
          all = Buffer.concat([all, chunk]);
          if (!all.includes('\r\n\r\n', 16)) return;
          socket.end('HTTP/1.0 200 OK\r\n\r\nthanks');
          resolve(all);
        });
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const socket = await startHaproxy(
      'accept-proxy',
      ` unique-id-format unique-%[src]\n http-request set-var(sess.x) unique-id\n server s 127.0.0.1:${port} ${option}`,
    );
    const authority = [{ type: TLV_TYPES.authority, value: bytes('name') }];
    expect(await ask(socket, writeProxyV2(told, { tlvs: authority }))).toBe('thanks');
    const all = await got;
    const header = done(parseProxyHeader(all));
    expect(header.ends).toEqual(told);
    expect(all.toString('latin1', header.length)).toMatch(/^GET \/ HTTP\/1/);
    if (option.includes('crc32c')) {
      const types = header.tlvs.map(({ type }) => type);
      expect(types).toContain(TLV_TYPES.crc32c);
      expect(types).toContain(TLV_TYPES.authority);
    }
  });
});
