import { describe, expect, test } from 'vitest';
import { missing } from '../support/which.ts';
import { onStage } from './scenario.ts';

const listen =
  (...lines: string[]) =>
  ([port]: readonly number[], origin: number): string =>
    [
      'listen l',
      `  bind 127.0.0.1:${port}`,
      ...lines.map((line) => `  ${line}`),
      `  server s 127.0.0.1:${origin}`,
    ].join('\n');

describe.each(['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])])('timeouts of %s', (program) => {
  test.each([
    {
      title: 'client and server',
      lines: ['timeout client 300ms', 'timeout server 300ms'],
      line: /^[cs]D 0 5 l l\/s 0 0\/0$/,
    },
    { title: 'client first', lines: ['timeout client 300ms', 'timeout server 600ms'], line: /^cD 0 5 l l\/s 0 0\/0$/ },
    { title: 'server first', lines: ['timeout client 600ms', 'timeout server 300ms'], line: /^sD 0 5 l l\/s 0 0\/0$/ },
    { title: 'tunnel', lines: ['timeout tunnel 300ms'], line: /^[cs]D 0 5 l l\/s 0 0\/0$/ },
    {
      title: 'tunnel over client',
      lines: ['timeout tunnel 600ms', 'timeout client 100ms'],
      line: /^cD 0 5 l l\/s 0 0\/0$/,
    },
  ])('$title: both sides silent', ({ lines, line }) =>
    onStage({ program, configuration: listen(...lines) }, async ({ client, origin, log }) => {
      const one = await client({ halfOpen: true });
      one.send('hello');
      expect(await one.sawClose(3000)).toBe(true);
      const conversation = origin.conversations[0]!;
      expect(await conversation.when(() => conversation.closed !== 'open')).toBe(true);
      expect(conversation.received).toBe('hello');
      expect((await log()).join()).toMatch(line);
    }),
  );

  test('a client that had its time is told to the server, whose answer still comes', () =>
    onStage(
      {
        program,
        configuration: listen('timeout client 300ms', 'timeout server 5s'),
        async play(conversation) {
          await conversation.when(() => conversation.closed === 'end');
          conversation.send('late');
          conversation.end();
        },
      },
      async ({ client, log }) => {
        const one = await client({ halfOpen: true });
        one.send('question');
        expect(await one.sawClose(3000)).toBe(true);
        expect(one.received).toBe('late');
        expect(await log()).toEqual(['cD 4 8 l l/s 0 0/0']);
      },
    ));

  test('a server that had its time is told to the client, whose words still go out', () =>
    onStage(
      { program, configuration: listen('timeout client 5s', 'timeout server 300ms') },
      async ({ client, origin, log }) => {
        const one = await client({ halfOpen: true });
        one.send('question');
        expect(await one.sawClose(3000)).toBe(true);
        one.send(' and more');
        one.end();
        const conversation = origin.conversations[0]!;
        expect(await conversation.when(() => conversation.closed !== 'open')).toBe(true);
        expect(conversation.received).toBe('question and more');
        expect(await log()).toEqual(['sD 0 17 l l/s 0 0/0']);
      },
    ));

  test('one that speaks keeps the connection for both', () =>
    onStage(
      {
        program,
        configuration: listen('timeout client 600ms', 'timeout server 600ms'),
        async play(conversation) {
          for (let i = 0; i < 12; i++) {
            await new Promise((resolve) => setTimeout(resolve, 150));
            conversation.send('.');
          }
          conversation.end();
        },
      },
      async ({ client, log }) => {
        const one = await client();
        expect(await one.sawClose()).toBe(true);
        expect(one.received).toBe('............');
        expect(await log()).toEqual(['-- 12 0 l l/s 0 0/0']);
      },
    ));

  test('server-fin: the client has ended, the server does not', () =>
    onStage({ program, configuration: listen('timeout server-fin 300ms') }, async ({ client, log }) => {
      const one = await client({ halfOpen: true });
      one.send('bye');
      one.end();
      expect(await one.sawClose(3000)).toBe(true);
      expect(await log()).toEqual(['sD 0 3 l l/s 0 0/0']);
    }));

  test('client-fin: the server has ended, the client does not', () =>
    onStage(
      {
        program,
        configuration: listen('timeout client-fin 300ms'),
        play(conversation) {
          conversation.send('bye');
          conversation.end();
        },
      },
      async ({ client, origin, log }) => {
        const one = await client({ halfOpen: true });
        expect(await one.sees('bye')).toBe(true);
        expect(await log()).toEqual(['cD 3 0 l l/s 0 0/0']);
        const conversation = origin.conversations[0]!;
        expect(await conversation.when(() => conversation.closed !== 'open')).toBe(true);
      },
    ));
});
