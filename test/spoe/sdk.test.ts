import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Agent, createAgent, type Ip, silentLogger } from 'sluice/agent';
import { EngineProxy } from './engine-proxy.ts';
import { freePort } from '../support/free-port.ts';

let agent: Agent;
let proxy: EngineProxy;
afterEach(async () => {
  await proxy.stop();
  await agent.close({ drainMs: 500 });
});

test('an agent made with sluice/agent: arguments, variables, a handler that throws', async () => {
  const port = await freePort();
  agent = createAgent({ name: 'test', logger: silentLogger });
  agent.on('m', (args, ctx) => {
    if (args.get('path') === '/throw') throw new Error('on purpose');
    const ip = args.get('ip') as Ip;
    ctx.setVar('txn', 'v', `${ip.toString()} ${String(args.get('n'))}`);
  });
  await agent.listen({ port, host: '127.0.0.1' });
  proxy = await EngineProxy.start({
    file: 'spoe-message m\n    args path=path ip=src n=int(-9223372036854775808)\n    event on-frontend-http-request',
    backend: `server a 127.0.0.1:${port}`,
  });
  const answers = await Promise.all(Array.from({ length: 30 }, () => proxy.get('/x')));
  expect(new Set(answers)).toEqual(new Set(['200|x-e: err= v=127.0.0.1 -9223372036854775808|']));
  expect(await proxy.get('/throw')).toBe('200|x-e: err= v=|');
});

test('an agent made with sluice/agent reads bodies', async () => {
  const port = await freePort();
  agent = createAgent({ name: 'test', logger: silentLogger, capabilities: ['pipelining', 'body-stream'] });
  agent.on('m', async (_, ctx) => {
    let size = 0;
    for await (const chunk of ctx.body!) size += chunk.length;
    ctx.setVar('txn', 'v', size);
  });
  await agent.listen({ port, host: '127.0.0.1' });
  const origin = createServer((request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  proxy = await EngineProxy.start({
    file: 'spoe-message m\n    args path=path\n    event on-http-request-body\n    deny unless { var(txn.e.v) -m int 3000000 }\n    hold 10m',
    backend: `server a 127.0.0.1:${port}`,
    answers: false,
    proxy: `server o 127.0.0.1:${(origin.address() as AddressInfo).port}`,
  });
  const post = (size: number): Promise<Response> =>
    fetch(`http://127.0.0.1:${proxy.port}/`, {
      method: 'POST',
      body: 'x'.repeat(size),
      headers: { connection: 'close' },
    });
  expect((await post(3_000_000)).status).toBe(200);
  expect((await post(2_999_999)).status).toBe(403);
  origin.close();
});
