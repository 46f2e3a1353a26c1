import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { missing } from '../support/which.ts';
import { sleep } from '../support/wait.ts';
import { onStage, type Stage } from './scenario.ts';

/** A ClientHello that asks for `name`, cut short of nothing (RFC 8446 4.1.2, RFC 6066 3). */
function clientHello(name: string): string {
  const u16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
  const host = `\0${u16(name.length)}${name}`;
  const list = u16(host.length) + host;
  const extensions = `\0\0${u16(list.length)}${list}`;
  const body = `\x03\x03${'r'.repeat(32)}\0\0\x02\x13\x01\x01\0${u16(extensions.length)}${extensions}`;
  const message = `\x01\0${u16(body.length)}${body}`;
  return `\x16\x03\x01${u16(message.length)}${message}`;
}

const rules =
  (...lines: string[]) =>
  ([port]: readonly number[], origin: number): string =>
    [
      'listen l',
      `  bind 127.0.0.1:${port}`,
      ...lines.map((line) => `  ${line}`),
      `  server s 127.0.0.1:${origin}`,
    ].join('\n');

describe.each(['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])])(
  'rules of %s in TCP mode',
  (program) => {
    /** Plays with an origin that only listens. */
    const play = (lines: string[], run: (stage: Stage) => Promise<void>): Promise<void> =>
      onStage({ program, configuration: rules(...lines), defaults: ['  option dontlognull'] }, run);

    test('a name that comes in pieces is waited for', () =>
      play(
        [
          'tcp-request inspect-delay 5s',
          'tcp-request content accept if { req.ssl_sni -i one.example }',
          'tcp-request content reject',
        ],
        async ({ client, origin }) => {
          const [good, bad] = [await client(), await client()];
          const hello = clientHello('one.example');
          for (const part of [hello.slice(0, 3), hello.slice(3, 40), hello.slice(40)]) {
            good.send(part);
            await sleep(30);
          }
          bad.send(clientHello('two.example'));
          expect(await bad.sawClose()).toBe(true);
          expect(await origin.when(() => origin.conversations[0]?.received === hello)).toBe(true);
          expect(origin.conversations.length).toBe(1);
          expect(good.closed).toBe('open');
        },
      ));

    test('HTTP is told from what is none', () =>
      play(
        [
          'tcp-request inspect-delay 20s',
          'tcp-request content accept if HTTP',
          'tcp-request content reject if { req.len gt 0 }',
        ],
        async ({ client, origin }) => {
          const good = ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'POST /x HTTP/1.0\r\n\r\n', 'GET /\r\n'];
          for (const [index, bytes] of good.entries()) {
            const one = await client();
            // In two pieces: the first alone says nothing.
            one.send(bytes.slice(0, 3));
            await sleep(20);
            expect(one.closed).toBe('open');
            one.send(bytes.slice(3));
            expect(await origin.when(() => origin.conversations[index]?.received === bytes), bytes).toBe(true);
          }
          for (const bytes of [
            'EHLO a\r\n',
            'G@T / HTTP/1.1\r\n\r\n',
            'GET / HTTP 1.1\r\n\r\n',
            'GET / HTTP/1.1\r\nb d\r\n\r\n',
          ]) {
            const bad = await client();
            bad.send(bytes);
            expect(await bad.sawClose(), bytes).toBe(true);
          }
          expect(origin.conversations.length).toBe(good.length);
        },
      ));

    test('what cannot become a hello is not waited for', () =>
      play(
        ['tcp-request inspect-delay 20s', 'tcp-request content reject if { req.ssl_hello_type 1 }'],
        async ({ client, origin }) => {
          const one = await client();
          one.send('SSH-2.0-x\r\n');
          expect(await origin.when(() => origin.conversations[0]?.received === 'SSH-2.0-x\r\n', 3000)).toBe(true);
        },
      ));

    test('WAIT_END: the delay passes, or the client ends, or enough has come', () =>
      play(
        [
          'tcp-request inspect-delay 600ms',
          'tcp-request content accept if { req.len gt 5 }',
          'tcp-request content reject if WAIT_END',
        ],
        async ({ client, origin }) => {
          const [silent, short, long] = [await client(), await client(), await client()];
          short.send('abc');
          long.send('abc');
          await sleep(50);
          expect([silent.closed, short.closed, long.closed]).toEqual(['open', 'open', 'open']);
          long.send('def');
          expect(await origin.when(() => origin.conversations[0]?.received === 'abcdef')).toBe(true);
          expect(await silent.sawClose(3000)).toBe(true);
          expect(await short.sawClose(3000)).toBe(true);
          expect(long.closed).toBe('open');
          const ended = await client({ halfOpen: true });
          ended.send('ab');
          ended.end();
          expect(await ended.sawClose(3000)).toBe(true);
          expect(origin.conversations.length).toBe(1);
        },
      ));

    test('connection and session rules need no bytes, and the server may speak first', () =>
      play(
        ['tcp-request connection reject if { src 127.0.0.2 }', 'tcp-request session reject if { src 127.0.0.3 }'],
        async ({ client, origin, proxy }) => {
          const one = await client();
          expect(await origin.when(() => origin.conversations.length > 0)).toBe(true);
          origin.conversations.at(-1)!.send('welcome');
          expect(await one.sees('welcome')).toBe(true);
          for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
            const how = await new Promise((resolve) => {
              const socket = connect({ port: proxy.ports[0]!, host: '127.0.0.1', localAddress });
              socket.on('error', () => undefined).resume();
              socket.on('close', () => resolve('closed'));
            });
            expect(how).toBe('closed');
          }
          expect(origin.conversations.length).toBe(1);
        },
      ));
  },
);
