import net from 'node:net';
import { createServer, type Server as HttpServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import type { Filter, FilterSide, Hooks, Plugin, PluginInstance } from '../../core/api/index.ts';
import { createProxy, type ProxyHandle } from '../../core/index.ts';
import { listenAnywhere } from '../support/free-port.ts';
import { until } from '../support/wait.ts';

const later = async (why: string): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  throw new Error(why);
};
const now = (why: string): never => {
  throw new Error(why);
};
/** A word ending in `-later` rejects, others throw. */
const fail = (word: string): never => (word.endsWith('-later') ? (later('in vain, later') as never) : now('in vain'));

const SIDES: readonly (keyof FilterSide)[] = ['head', 'data', 'end'];
const STAGES = [
  'stream',
  'frontend-tcp-request',
  'frontend-http-request',
  'backend',
  'backend-tcp-request',
  'backend-http-request',
  'server',
  'tcp-response',
  'http-response',
] as const;

const doc = { usage: 'x', summary: 'Throws.' };
const wait = (kind: string, word: string): string => `${kind}${word === 'sync' ? '' : '-later'}`;

/** Everything a plugin can throw in. */
const faulty: Plugin = {
  name: 'faulty',
  api: 1,
  fetches: {
    boom: { ...doc, type: 'bool', from: 'internal', compile: () => () => now('fetched in vain') },
    booms: {
      ...doc,
      type: 'str',
      from: 'internal',
      compile: () => ({ evaluate: () => now('fetched in vain'), some: () => now('fetched in vain') }),
    },
    'boom-at-once': { ...doc, type: 'bool', from: 'internal', compile: () => now('compiled in vain') },
  },
  converters: {
    crash: { ...doc, input: 'str', output: 'str', compile: () => () => now('converted in vain') },
  },
  matches: { burst: { ...doc, input: 'str', compile: () => () => now('matched in vain') } },
  actions: Object.fromEntries(
    ['explode', 'explode-later'].map((word) => [
      word,
      {
        ...doc,
        in: ['http-request', 'http-response', 'tcp-request content'],
        parse: () => ({ run: () => fail(word) }),
      },
    ]),
  ),
  services: Object.fromEntries(
    ['serve', 'serve-later'].map((word) => [word, { ...doc, mode: 'http', serve: () => fail(word) }]),
  ),
  balance: {
    lame: { ...doc, parse: () => () => ({ pick: () => now('picked in vain') }) },
    deaf: {
      ...doc,
      parse: () => (backend) => ({
        pick: () => backend.servers.find(({ usable }) => usable),
        took: () => now('told in vain'),
        dropped: () => now('told in vain'),
        changed: () => now('told in vain'),
      }),
    },
  },
  checks: { 'odd-check': { ...doc, parse: () => () => later('checked in vain') } },
  directives: Object.fromEntries(
    (
      ['onRequest', 'afterRequestRules', 'onResponse', 'beforeForward', 'beforeRespond', 'onBackend', 'onLog'] as const
    ).map((place) => [
      `hang-${place}`,
      { ...doc, in: ['frontend', 'backend'], parse: (_, { proxy }) => proxy[place](() => now('hung in vain')) },
    ]),
  ),
  filters: Object.fromEntries(
    (['sync', 'async'] as const)
      .flatMap((mode) => [
        ...STAGES.map((stage): [string, Filter] => [
          wait(stage, mode),
          { stages: { [stage]: () => (mode === 'sync' ? now('staged in vain') : later('staged in vain')) } },
        ]),
        ...(['request', 'response'] as const).flatMap((direction) =>
          SIDES.map((side): [string, Filter] => [
            wait(`${direction}-${side}`, mode),
            { [direction]: { [side]: () => (mode === 'sync' ? now('filtered in vain') : later('filtered in vain')) } },
          ]),
        ),
      ])
      .map(([word, filter]) => [word, { ...doc, parse: () => ({ attach: () => ({ ...filter }) }) }]),
  ),
};
Object.assign(faulty.filters!, {
  'never-attached': { ...doc, parse: () => ({ attach: () => now('attached in vain') }) },
});

const said: { message: string; plugin: unknown }[] = [];
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const log = {
  ...quiet,
  error: (fields: object, message?: string) =>
    void said.push({ message: message ?? '', plugin: (fields as { plugin?: unknown }).plugin }),
};
const messages = (): string[] => said.map(({ message }) => message);

let proxy: ProxyHandle | undefined;
let origin: HttpServer;
let originPort: number;
beforeAll(async () => {
  origin = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end('from the origin'));
  });
  originPort = await listenAnywhere(origin);
});
afterAll(() => void origin.close());
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  said.length = 0;
});

interface Lines {
  readonly global?: string;
  readonly backend?: string;
  readonly hooks?: Hooks;
}

async function start(rules: string, { global = '', backend = '', hooks }: Lines = {}): Promise<number> {
  const living: Plugin = { ...faulty, setup: (): PluginInstance => (hooks ? { hooks } : {}) };
  proxy = await createProxy({
    config: {
      name: 'faults.cfg',
      text: `global\n${global}\ndefaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s
frontend f\n bind 127.0.0.1:0\n${rules}\n default_backend b\nbackend b\n${backend}\n server s 127.0.0.1:${originPort}\n`,
    },
    plugins: [living],
    log,
  });
  await proxy.start();
  return proxy.addresses[0]!.port!;
}

/** Everything the proxy says until it closes. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody');
  });
}

const status = async (port: number): Promise<number> => Number((await ask(port)).slice(9, 12));

/** Nothing hangs, whatever was thrown: the counts are back at zero, and the next request is served. */
async function atRest(): Promise<void> {
  await until('all to be at rest', () => {
    const { sessions, queued, activeServerStreams } = proxy!.stats();
    return sessions === 0 && queued === 0 && activeServerStreams === 0;
  });
}

describe('what a plugin throws answers with an error and names it', () => {
  const cases: [what: string, rules: string, lines: Lines, status: number, where: string][] = [
    ['an action', ' http-request explode', {}, 500, 'http-request explode'],
    ['an action, later', ' http-request explode-later', {}, 500, 'http-request explode-later'],
    ['an action on responses', ' http-response explode', {}, 502, 'http-response explode'],
    ['a fetch', ' http-request deny if { boom }', {}, 500, "sample fetch 'boom'"],
    ['a fetch with several values', ' http-request deny if { booms a }', {}, 500, "sample fetch 'booms'"],
    ['a fetch in a log-format', ' http-request set-header x %[booms]', {}, 500, "sample fetch 'booms'"],
    ['a converter', ' http-request deny if { path,crash a }', {}, 500, "converter 'crash'"],
    ['a match method', ' http-request deny if { path -m burst a }', {}, 500, "match method 'burst'"],
    ['a service', ' http-request use-service serve', {}, 500, "service 'serve'"],
    ['a service, later', ' http-request use-service serve-later', {}, 500, "service 'serve-later'"],
    ['a hook', '', { hooks: { request: () => now('hooked in vain') } }, 500, 'request'],
    ['a hook, later', '', { hooks: { request: () => later('hooked in vain') } }, 500, 'request'],
    ['a hook on responses', '', { hooks: { response: () => now('hooked in vain') } }, 502, 'response'],
    ['a hook on responses, later', '', { hooks: { response: () => later('hooked in vain') } }, 502, 'response'],
  ];
  it.each(cases)('%s', async (_what, rules, lines, expected, where) => {
    const port = await start(rules, lines);
    expect(await status(port)).toBe(expected);
    expect(said[0]!.message).toContain(`plugin 'faulty' failed in ${where}`);
    expect(said.every(({ plugin }) => plugin === 'faulty')).toBe(true);
    expect(proxy!.stats().pluginFailures).toEqual({ faulty: 1 });
    await atRest();
  });

  it.each(STAGES.flatMap((stage) => [stage, `${stage}-later`]))('a filter in its stage %s', async (word) => {
    const backend = /^(backend|tcp-r|http-r|server)/.test(word);
    const inspect = ' tcp-request inspect-delay 1s\n tcp-request content accept\n';
    const port = await start(backend ? '' : `${inspect} filter ${word}`, {
      backend: backend ? ` filter ${word}\n${inspect} tcp-response content accept\n` : '',
    });
    const answer = await ask(port);
    expect(answer.slice(9, 12)).toMatch(/^(5\d\d|)$/);
    expect(messages()[0]).toContain(`plugin 'faulty' failed in filter ${word}`);
    await atRest();
  });

  it.each(
    ['request', 'response'].flatMap((direction) =>
      SIDES.flatMap((side) => [`${direction}-${side}`, `${direction}-${side}-later`]),
    ),
  )('a filter in its method %s', async (word) => {
    const port = await start(` filter ${word}`);
    await ask(port);
    await until('it to be told', () => said.length > 0);
    expect(messages()[0]).toContain(`plugin 'faulty' failed in filter ${word}`);
    expect(proxy!.stats().pluginFailures).toEqual({ faulty: 1 });
    await atRest();
  });

  test('a filter that does not come to be', async () => {
    const port = await start(' filter never-attached');
    expect(await status(port)).toBe(500);
    expect(messages()[0]).toContain("plugin 'faulty' failed in filter never-attached");
    await atRest();
  });
});

describe('where no answer can be given', () => {
  it.each([
    ['a fetch that chooses the backend', ' use_backend b if { boom }', {}, "sample fetch 'boom'"],
    ['a hook on connections', '', { hooks: { accept: () => now('hooked in vain') } }, 'accept'],
    ['a hook on connections, later', '', { hooks: { accept: () => later('hooked in vain') } }, 'accept'],
  ] as [string, string, Lines, string][])(
    '%s ends that connection and no other',
    async (_what, rules, lines, where) => {
      const port = await start(rules, lines);
      expect(await ask(port)).toBe('');
      expect(await ask(port)).toBe('');
      expect(messages()[0]).toContain(`plugin 'faulty' failed in ${where}`);
      expect(proxy!.stats().pluginFailures).toEqual({ faulty: 2 });
      await atRest();
    },
  );

  it.each(['onRequest', 'afterRequestRules', 'onResponse', 'beforeForward', 'beforeRespond', 'onBackend'])(
    'what a directive hung at %s is blamed on its plugin',
    async (place) => {
      const port = await start(place === 'onBackend' ? '' : ` hang-${place}`, {
        backend: place === 'onBackend' ? ` hang-${place}` : '',
      });
      await ask(port);
      expect(messages()[0]).toContain(`plugin 'faulty' failed in ${place}: hung in vain`);
      expect(said[0]!.plugin).toBe('faulty');
      await atRest();
    },
  );

  it.each([
    ['a directive that only watches', ' hang-onLog', {}],
    ['a hook that only watches', '', { hooks: { log: () => now('logged in vain') } }],
    ['a balance algorithm that is told of something', '', { backend: ' balance deaf' }],
  ] as [string, string, Lines][])('%s changes nothing', async (_what, rules, lines) => {
    const port = await start(rules, lines);
    expect(await status(port)).toBe(200);
    await until('it to be told', () => said.length > 0);
    expect(said.every(({ plugin }) => plugin === 'faulty')).toBe(true);
    await atRest();
  });

  test('a balance algorithm that picks nobody', async () => {
    const port = await start('', { backend: ' balance lame' });
    const answer = await ask(port);
    expect(answer.slice(9, 12)).toMatch(/^(5\d\d|)$/);
    expect(messages()[0]).toContain("plugin 'faulty' failed in balance algorithm 'lame': picked in vain");
    await atRest();
  });

  it.each(['selectBackend', 'selectServer'] as const)('the hook %s', async (hook) => {
    const port = await start('', { hooks: { [hook]: () => now('hooked in vain') } });
    await ask(port);
    expect(messages()[0]).toContain(`plugin 'faulty' failed in ${hook}: hooked in vain`);
    await atRest();
  });
});

describe('plugin-errors', () => {
  it.each([
    ['ignore', ' http-request explode', 200],
    ['deny', ' http-request explode', 403],
    ['ignore', ' http-request deny if { boom }', 200],
    ['deny', ' http-request deny if { boom }', 403],
    ['ignore', ' http-request deny if { path,crash -m found }', 200],
    ['ignore', ' use_backend b if { boom }', 200],
    ['ignore', ' hang-beforeForward', 200],
    ['ignore', ' hang-onRequest', 200],
  ])('%s with %s', async (policy, rule, expected) => {
    const port = await start(rule, { global: ` plugin-errors faulty ${policy}` });
    expect(await status(port)).toBe(expected);
    expect(proxy!.stats().pluginFailures).toEqual({ faulty: 1 });
  });

  it.each([' http-request explode', ' http-request deny if { boom }'])('disable-after with %s', async (rule) => {
    const port = await start(rule, { global: ' plugin-errors faulty disable-after 2' });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push(await status(port));
    expect(statuses).toEqual([500, 500, 200, 200]);
  });
});

describe('what fails when the configuration is read', () => {
  it.each([
    [' http-request deny if { boom-at-once }', 10, 'compiled in vain'],
    [' http-request set-header x %[str(a),crash,upper]', 7, undefined],
  ])('%s', async (rule, line, why) => {
    const started = start(rule).then(
      () => undefined,
      (error: { diagnostics: { severity: string; line?: number; message: string }[] }) =>
        error.diagnostics.find(({ severity }) => severity === 'alert'),
    );
    const diagnostic = await started;
    if (why === undefined) expect(diagnostic).toBeUndefined();
    else {
      expect(diagnostic).toMatchObject({ line });
      expect(diagnostic!.message).toContain(why);
    }
  });
});

test('a check that rejects takes its server down, and says why', async () => {
  proxy = await createProxy({
    config: {
      name: 'checks.cfg',
      text: `defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\nfrontend f\n bind 127.0.0.1:0\n default_backend b
backend b\n option odd-check\n server s 127.0.0.1:${originPort} check inter 20 fall 1\n`,
    },
    plugins: [faulty],
    log,
  });
  await proxy.start();
  const server = proxy.config.proxies[1]!.running.backend!.servers[0]!;
  await until('it to be down', () => !server.usable);
  expect(server.state.health.info + messages().join()).toContain('checked in vain');
});
