import { connect } from 'node:tls';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import type { Transaction } from '../../core/api/index.ts';
import { evaluate, transactionOf, contextOf, textOf } from './fixture.ts';

/** What node's own TLS client sends first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hello = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket) => socket.once('data', (bytes) => (resolve(bytes), socket.destroy())));
  });
  const client = connect({ port, host: '127.0.0.1', servername: 'www.example.com', ALPNProtocols: ['h2', 'http/1.1'] });
  client.on('error', () => undefined);
  const bytes = await hello;
  client.destroy();
  server.close();
  return bytes;
}

let hello: Buffer;
beforeAll(async () => {
  hello = await clientHello();
});

function inspecting(request: Buffer): Transaction {
  return Object.assign(transactionOf(), { request: undefined, received: { request, response: Buffer.alloc(0) } });
}
const ask = (text: string, bytes: Buffer): string | undefined =>
  textOf(evaluate(text, inspecting(bytes), contextOf(['fe-tcp-content'])));

test('a hello says what the client wants', () => {
  expect(ask('req.ssl_sni', hello)).toBe('www.example.com');
  expect(ask('req_ssl_sni', hello)).toBe('www.example.com');
  expect(ask('req.ssl_alpn', hello)).toBe('h2,http/1.1');
  expect(ask('req.ssl_ver', hello)).toBe(String(0x30004));
  expect(ask('req.ssl_hello_type', hello)).toBe('1');
  expect(ask('req.ssl_ec_ext', hello)).toBe('true');
  expect(ask('req.ssl_cipherlist,length', hello)).not.toBe('0');
  expect(ask('req.ssl_supported_groups,hex', hello)).toMatch(/^(?:[0-9A-F]{4})+$/);
  expect(ask('req.ssl_keyshare_groups,hex', hello)).toMatch(/^(?:[0-9A-F]{4})+$/);
});

test('cut anywhere it says nothing yet', () => {
  for (let length = 0; length < hello.length; length++)
    expect(ask('req.ssl_sni', hello.subarray(0, length))).toBeUndefined();
});

test('other bytes are no hello', () => {
  const http = Buffer.from('GET / HTTP/1.1\r\n\r\n');
  expect(ask('req.ssl_sni', http)).toBeUndefined();
  expect(ask('req.ssl_hello_type', http)).toBe('0');
});

test('bytes of the buffer', () => {
  const bytes = Buffer.from('\x00\x03abcdef', 'latin1');
  expect(ask('req.len', bytes)).toBe('8');
  expect(ask('req.payload(2,3)', bytes)).toBe('abc');
  expect(ask('req.payload(2,0)', bytes)).toBe('abcdef');
  expect(ask('req.payload(6,3)', bytes)).toBeUndefined();
  expect(ask('req.payload_lv(0,2)', bytes)).toBe('abc');
  expect(ask('req.payload_lv(0,2,+1)', bytes)).toBe('bcd');
  expect(ask('req.payload_lv(0,2,5)', bytes)).toBe('def');
});

test('the cookie of an RDP client', () => {
  const cookie = Buffer.from('Cookie: mstshash=user\r\n', 'latin1');
  const head = Buffer.from([3, 0, 0, 11 + cookie.length, 6 + cookie.length, 0xe0, 0, 0, 0, 0, 0]);
  const bytes = Buffer.concat([head, cookie]);
  expect(ask('req.rdp_cookie(mstshash)', bytes)).toBe('user');
  expect(ask('req.rdp_cookie', bytes)).toBe('user');
  expect(ask('req.rdp_cookie(msts)', bytes)).toBeUndefined();
  expect(ask('req.rdp_cookie_cnt', bytes)).toBe('1');
});

test('tokens of distcc, with and without a body', () => {
  const bytes = Buffer.from('DIST00000002ARGC00000002ARGV00000002ccARGV00000006main.cDOTI00000003abc');
  expect(ask('distcc_param(DIST)', bytes)).toBe('2');
  expect(ask('distcc_param(ARGV,2)', bytes)).toBe('6');
  expect(ask('distcc_body(ARGV)', bytes)).toBe('cc');
  expect(ask('distcc_body(ARGV,2)', bytes)).toBe('main.c');
  expect(ask('distcc_body(DOTI)', bytes)).toBe('abc');
  expect(ask('distcc_param(DOTI)', bytes.subarray(0, -1))).toBe('3');
  expect(ask('distcc_body(DOTI)', bytes.subarray(0, -1))).toBeUndefined();
  expect(ask('distcc_param(DONE)', bytes)).toBeUndefined();
  expect(ask('distcc_param(DIST)', Buffer.from('GET / HTTP/1.1'))).toBeUndefined();
  expect(() => ask('distcc_param(DOT)', bytes)).toThrow(/must be exactly 4 characters/);
});
