import { afterEach, describe, expect, test } from 'vitest';
import { createProxy, type ProxyHandle } from '../../../core/index.ts';
import { definePlugin, type Backend, type Plugin, type Server } from '../../../core/api/index.ts';
import { freePort } from '../../support/free-port.ts';
import { sleep, until } from '../../support/wait.ts';
import { PlayedServer } from './played-server.ts';

const DEFAULTS = `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
`;

let proxy: ProxyHandle | undefined;
let origin: PlayedServer | undefined;
afterEach(async () => {
  await proxy?.stop();
  await origin?.down();
  proxy = undefined;
  origin = undefined;
});

interface Started {
  readonly servers: readonly Server[];
  readonly messages: string[];
}

/** Runs a backend `be` with these lines; `{port}` is that of a server that is up. */
async function start(lines: string, global = ''): Promise<Started> {
  origin = new PlayedServer(await freePort());
  await origin.up();
  let backends: readonly Backend[] = [];
  const watcher: Plugin = definePlugin({ name: 'watcher', api: 1, setup: (context) => void ({ backends } = context) });
  const messages: string[] = [];
  const text = `global\n  ${global}\n${DEFAULTS}backend be\n${lines}\nlisten unused\n  bind 127.0.0.1:0\n`;
  proxy = await createProxy({
    config: { name: 'initial.cfg', text: text.replaceAll('{port}', String(origin.port)) },
    plugins: [watcher],
    on: { message: ({ text: message }) => messages.push(message) },
  });
  const { servers } = backends.find(({ name }) => name === 'be')!;
  return { servers, messages };
}

describe('what a server begins as (init-state, which HAProxy 2.6 does not have)', () => {
  const status = async (state: string): Promise<string[]> => {
    const { servers } = await start(`  server s 127.0.0.1:{port} check inter 100 rise 3 fall 4 init-state ${state}`);
    const seen = [servers[0]!.state.text];
    await proxy!.start();
    await until('the first check', () => servers[0]!.state.health.code === 'L4OK');
    seen.push(servers[0]!.state.text);
    return seen;
  };
  test.each([
    ['fully-up', 'UP', 'UP'],
    ['up', 'UP 1/4', 'UP'],
    ['none', 'UP 1/4', 'UP'],
    ['down', 'DOWN 2/3', 'UP'],
    ['fully-down', 'DOWN', 'DOWN 1/3'],
  ])('%s: %s, and after a check %s', async (state, ...expected) => expect(await status(state)).toEqual(expected));

  test('a server behind maintenance begins anew', async () => {
    const { servers } = await start('  server s 127.0.0.1:{port} check inter 100 rise 2 init-state fully-down');
    await proxy!.start();
    const [{ state }] = servers as [Server];
    await until('the server', () => state.text === 'UP');
    state.set('maint');
    state.set('ready');
    expect(state.text).toBe('DOWN');
    expect(servers[0]!.usable).toBe(false);
    await until('the server', () => state.text === 'UP');
  });
});

describe('slow start', () => {
  test('weight and limit grow step by step', async () => {
    const { servers } = await start('  server s 127.0.0.1:{port} weight 100 maxconn 10 slowstart 4s');
    const [server] = servers as [Server];
    expect([server.effectiveWeight, server.limit]).toEqual([100, 10]);
    server.state.setHealth('down');
    server.state.setHealth('up');
    expect(server.state.operational).toBe('starting');
    expect(server.limit).toBe(1);
    expect(server.effectiveWeight).toBeLessThan(5);
    await sleep(2100);
    expect(server.state.throttle).toBeGreaterThanOrEqual(50);
    expect(server.effectiveWeight).toBeGreaterThanOrEqual(49);
    expect(server.effectiveWeight).toBeLessThan(80);
    expect(server.limit).toBeGreaterThanOrEqual(4);
    await until('the end of the ramp', () => server.state.operational === 'running');
    expect([server.effectiveWeight, server.fineWeight, server.limit]).toEqual([100, 1600, 10]);
  });
});

test('an agent gives a weight in other words (weight:, which HAProxy 2.6 does not have)', async () => {
  const { servers } = await start('  server s 127.0.0.1:{port} weight 20 agent-check agent-port {port} agent-inter 50');
  const [server] = servers as [Server];
  origin!.greeting = 'weight:35\n';
  await proxy!.start();
  await until('an absolute weight', () => server.effectiveWeight === 35);
  await origin!.says('weight:50%\n');
  await until('a relative weight', () => server.effectiveWeight === 10);
  await origin!.says('weight:300\n');
  await until('the complaint', () => server.state.agent.info !== '');
  expect(server.state.agent.info).toBe('agent warns : Absolute weight can only be between 0 and 256 inclusive.');
});

test('the first checks are spread over the interval, and max-spread-checks cuts it', async () => {
  const lines = Array.from({ length: 10 }, (_, index) => `  server s${index} 127.0.0.1:{port} check inter 60s`).join(
    '\n',
  );
  const { servers } = await start(lines, 'max-spread-checks 200');
  await proxy!.start();
  await until('all checks', () => servers.every(({ state }) => state.health.code === 'L4OK'));
  await proxy!.stop();
  const spread = await start(lines);
  await proxy!.start();
  await until('the first check', () => spread.servers[0]!.state.health.code === 'L4OK');
  await sleep(300);
  expect(spread.servers.map(({ state }) => state.health.code).filter((code) => code === 'L4OK')).toHaveLength(1);
});

test('checks stop where a configuration ends', async () => {
  const { servers } = await start('  server s 127.0.0.1:{port} check inter 30');
  await proxy!.start();
  await until('the first check', () => servers[0]!.state.health.code === 'L4OK');
  await proxy!.reload({
    config: {
      name: 'next.cfg',
      text: `${DEFAULTS}backend be\n  server s 127.0.0.1:1\nlisten unused\n  bind 127.0.0.1:0\n`,
    },
  });
  await sleep(100);
  origin!.connections = 0;
  await sleep(200);
  expect(origin!.connections).toBe(0);
});
