import { describe, expect, test } from 'vitest';
import { missing } from '../support/which.ts';
import { onStage } from './scenario.ts';

const listen = (port: number, origin: number): string =>
  `listen l\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${origin}`;

// Who speaks and who ends when; the outcome is HAProxy's.
describe.each(['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])])('half-close through %s', (program) => {
  test('the client ends first and still gets all', () =>
    onStage(
      {
        program,
        configuration: ([port], origin) => listen(port!, origin),
        async play(conversation) {
          await conversation.when(() => conversation.closed !== 'open');
          conversation.send(`late answer to ${conversation.received}`);
          conversation.end();
        },
      },
      async ({ client, origin, log }) => {
        const one = await client({ halfOpen: true });
        one.send('question');
        one.end();
        expect(await one.sawClose()).toBe(true);
        expect(one.received).toBe('late answer to question');
        expect(one.closed).toBe('end');
        expect(origin.conversations[0]!.closed).toBe('end');
        expect(await log()).toEqual(['-- 23 8 l l/s 0 0/0']);
      },
    ));

  test('the server ends first and still gets all', () =>
    onStage(
      {
        program,
        configuration: ([port], origin) => listen(port!, origin),
        play(conversation) {
          conversation.send('greeting');
          conversation.end();
        },
      },
      async ({ client, origin, log }) => {
        const one = await client({ halfOpen: true });
        expect(await one.sawClose()).toBe(true);
        expect(one.received).toBe('greeting');
        one.send('the last word');
        one.end();
        const conversation = origin.conversations[0]!;
        expect(await conversation.when(() => conversation.closed !== 'open')).toBe(true);
        expect(conversation.received).toBe('the last word');
        expect(await log()).toEqual(['-- 8 13 l l/s 0 0/0']);
      },
    ));

  test('a reset of the client reaches the server', () =>
    onStage({ program, configuration: ([port], origin) => listen(port!, origin) }, async ({ client, origin, log }) => {
      const one = await client();
      one.send('half a');
      await origin.when(() => origin.conversations[0]?.received === 'half a');
      one.reset();
      const conversation = origin.conversations[0]!;
      expect(await conversation.when(() => conversation.closed !== 'open')).toBe(true);
      expect(await log()).toEqual(['CD 0 6 l l/s 0 0/0']);
    }));

  test('a reset of the server reaches the client', () =>
    onStage(
      {
        program,
        configuration: ([port], origin) => listen(port!, origin),
        async play(conversation) {
          await conversation.sees('word');
          conversation.reset();
        },
      },
      async ({ client, log }) => {
        const one = await client({ halfOpen: true });
        one.send('a word');
        expect(await one.sawClose()).toBe(true);
        expect(await log()).toEqual(['SD 0 6 l l/s 0 0/0']);
      },
    ));
});
