import {
  createAgent,
  int32,
  silentLogger,
  uint32,
  type Args,
  type Context,
  type Ip,
  type SpopValue,
} from 'sluice/agent';
import { expectTypeOf, it } from 'vitest';

const quiet = { name: 'types', logger: silentLogger };

it('a wrong scope, name or value does not compile', () => {
  createAgent(quiet).on('m', (args, ctx) => {
    expectTypeOf(args).toEqualTypeOf<Args>();
    expectTypeOf(ctx).toEqualTypeOf<Context>();
    ctx.setVar('sess', 'any', 1);
    ctx.setVar('proc', 'any', null);
    ctx.setVar('res', 'any', args.ip('ip'));
    ctx.setVar('req', 'any', uint32(1));
    ctx.setVar('txn', 'any', new Uint8Array(1));
    ctx.unsetVar('txn', 'any');
    // @ts-expect-error there is no such scope
    ctx.setVar('session', 'any', 1);
    // @ts-expect-error a Date is no value
    ctx.setVar('sess', 'any', new Date());
    // @ts-expect-error nor is an object
    ctx.setVar('sess', 'any', { a: 1 });
    // @ts-expect-error nor an array
    ctx.setVar('sess', 'any', [1]);
    // @ts-expect-error nor a promise that nobody awaited
    ctx.setVar('sess', 'any', Promise.resolve(1));
    // @ts-expect-error a value is missing
    ctx.setVar('sess', 'any');
    // @ts-expect-error there is no such scope
    ctx.unsetVar('global', 'any');
  });
});

it('variables that were named have their types', () => {
  interface Vars {
    'sess.score': number;
    'txn.user': string | null;
  }
  createAgent<Vars>(quiet).on('m', (_args, ctx) => {
    ctx.setVar('sess', 'score', 20);
    ctx.setVar('txn', 'user', 'me');
    ctx.setVar('txn', 'user', null);
    ctx.unsetVar('sess', 'score');
    // @ts-expect-error a number
    ctx.setVar('sess', 'score', '20');
    // @ts-expect-error of another scope
    ctx.setVar('txn', 'score', 20);
    // @ts-expect-error misspelt
    ctx.setVar('sess', 'scores', 20);
    // @ts-expect-error misspelt
    ctx.unsetVar('txn', 'uesr');
  });
  // @ts-expect-error no variable can hold a Date
  createAgent<{ 'txn.when': Date }>(quiet);
});

it('arguments have their types, and may be missing', () => {
  type Of<Name extends keyof Args> = Args[Name] extends (...args: never) => infer Result ? Result : never;
  expectTypeOf<Of<'get'>>().toEqualTypeOf<SpopValue | undefined>();
  expectTypeOf<Of<'string'>>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Of<'number'>>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Of<'bigint'>>().toEqualTypeOf<bigint | undefined>();
  expectTypeOf<Of<'boolean'>>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<Of<'bytes'>>().toEqualTypeOf<Buffer | undefined>();
  expectTypeOf<Of<'ip'>>().toEqualTypeOf<Ip | undefined>();
});

it('agents are made, listen and close with what fits', () => {
  const refuse = (): void => {
    // @ts-expect-error the name is missing
    createAgent({});
    // @ts-expect-error there is no such capability
    createAgent({ ...quiet, capabilities: ['pipelined'] });
    // @ts-expect-error a handler answers with setVar, not with what it returns
    createAgent(quiet).on('m', async () => 5);
    // @ts-expect-error neither port nor path
    void createAgent(quiet).listen({});
    // @ts-expect-error both
    void createAgent(quiet).listen({ port: 1, path: '/run/agent.sock' });
    // @ts-expect-error no integer of 32 bits
    int32('5');
  };
  expectTypeOf(refuse).toBeFunction();
});
