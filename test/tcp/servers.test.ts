import { describe, expect, test } from 'vitest';
import { missing } from '../support/which.ts';
import { closedPort, onStage } from './scenario.ts';

const greet = (conversation: { send(text: string): void; end(): void }): void => {
  conversation.send('hello');
  conversation.end();
};

describe.each(['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])])('servers of %s', (program) => {
  test('nobody listens: retries, then the connection is closed', async () => {
    const nobody = await closedPort();
    await onStage(
      {
        program,
        defaults: ['  retries 2', '  timeout connect 300ms'],
        configuration: ([port]) => `listen l\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${nobody}`,
      },
      async ({ client, log }) => {
        const one = await client();
        expect(await one.sawClose()).toBe(true);
        expect(one.received).toBe('');
        expect((await log())[0]).toBe('SC 0 0 l l/s 2 0/0');
      },
    );
  });

  test('option redispatch: the last retry goes elsewhere', async () => {
    const nobody = await closedPort();
    await onStage(
      {
        program,
        play: greet,
        defaults: ['  retries 2', '  timeout connect 300ms', '  option redispatch'],
        configuration: ([port], origin) =>
          `listen l\n  bind 127.0.0.1:${port}\n  server a 127.0.0.1:${nobody}\n  server b 127.0.0.1:${origin}`,
      },
      async ({ client, log }) => {
        for (let i = 0; i < 2; i++) {
          const one = await client();
          expect(await one.sees('hello')).toBe(true);
          one.end();
        }
        const lines = await log(2);
        for (const line of lines) expect(line).toMatch(/^-- 5 0 l l\/b (?:\+1|0) 0\/0$/);
        expect(lines).toContain('-- 5 0 l l/b +1 0/0');
      },
    );
  });

  test('no server at all', () =>
    onStage({ program, configuration: ([port]) => `listen l\n  bind 127.0.0.1:${port}` }, async ({ client, log }) => {
      const one = await client();
      expect(await one.sawClose()).toBe(true);
      expect((await log())[0]).toBe('SC 0 0 l l/<NOSRV> 0 0/0');
    }));

  test('maxconn: one waits, in the queue of the server', () =>
    onStage(
      {
        program,
        async play(conversation) {
          conversation.send('hello');
          await conversation.when(() => conversation.closed !== 'open', 10_000);
          conversation.end();
        },
        configuration: ([port], origin) =>
          `listen l\n  bind 127.0.0.1:${port}\n  timeout queue 300ms\n  server s 127.0.0.1:${origin} maxconn 1`,
      },
      async ({ client, log, origin }) => {
        const first = await client();
        expect(await first.sees('hello')).toBe(true);
        const second = await client();
        expect(await second.sawClose()).toBe(true);
        expect(origin.conversations.length).toBe(1);
        expect((await log())[0]).toBe('sQ 0 0 l l/<NOSRV> 0 0/1');
        first.end();
        expect((await log(2))[1]).toBe('-- 5 0 l l/s 0 0/0');
      },
    ));

  test('option logasap: told when the connection is made', () =>
    onStage(
      {
        program,
        play: (conversation) => conversation.send('hello'),
        defaults: ['  option logasap', '  log-format "%ts %B %b/%s"'],
        configuration: ([port], origin) => `listen l\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${origin}`,
      },
      async ({ client, log }) => {
        const one = await client();
        const lines = await log();
        expect(lines[0]).toMatch(/^-- \+?[05] l\/s$/);
        expect(one.closed).toBe('open');
        one.destroy();
      },
    ));

  test('source: an address of ours', () =>
    onStage(
      {
        program,
        play: (conversation) => conversation.send(conversation.socket.remoteAddress ?? 'gone'),
        defaults: ['  source 127.0.0.77'],
        configuration: ([port], origin) => `listen l\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${origin}`,
      },
      async ({ client }) => {
        const one = await client();
        expect(await one.sees('127.0.0.77')).toBe(true);
      },
    ));
});
