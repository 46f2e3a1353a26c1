import type {
  ActionKeyword,
  DirectiveKeyword,
  Extension,
  Plugin,
  Ruleset,
  SectionKeyword,
} from '../../core/api/index.ts';

/** A few words of every kind, so that the goldens depend on the language alone and not on what the stock plugins say. */

const ANYWHERE = ['defaults', 'frontend', 'backend'] as const;
const action = { run: (): undefined => undefined };

function option(
  name: string,
  negatable: boolean,
  places: DirectiveKeyword['in'] = ANYWHERE,
): [string, DirectiveKeyword] {
  return [
    `option ${name}`,
    {
      usage: `option ${name}`,
      summary: 'An option.',
      in: places,
      negatable,
      parse(words, scope) {
        if (words.form === 'default') scope.proxy.settings.options.delete(name);
        else scope.proxy.settings.options.set(name, words.form === 'plain');
      },
    },
  ];
}

function timeout(name: 'client' | 'server' | 'connect'): [string, DirectiveKeyword] {
  return [
    `timeout ${name}`,
    {
      usage: `timeout ${name} <time>`,
      summary: 'A timeout.',
      in: ANYWHERE,
      parse(words, scope) {
        scope.proxy.settings.timeouts[name] = words.time('a time');
      },
    },
  ];
}

interface Notes {
  lines: string[];
}
const inherited: Extension<Notes> = {
  name: 'test.inherited',
  create: () => ({ lines: [] }),
  inherit: (from) => ({ lines: [...from.lines] }),
};
const own: Extension<Notes> = { name: 'test.own', create: () => ({ lines: [] }) };
const colour: Extension<{ colour: string }> = {
  name: 'test.colour',
  create: () => ({ colour: 'none' }),
  inherit: (from) => ({ ...from }),
};
const hook = (): void => undefined;

const directives: Record<string, DirectiveKeyword> = {
  mode: {
    usage: 'mode { tcp | http }',
    summary: 'The mode.',
    in: ANYWHERE,
    parse(words, scope) {
      scope.proxy.settings.mode = words.oneOf('a proxy mode', ['tcp', 'http']);
    },
  },
  maxconn: {
    usage: 'maxconn <number>',
    summary: 'A limit.',
    in: ['global', 'defaults', 'frontend'],
    parse(words, scope) {
      const limit = words.integer('an integer argument', { min: 0 });
      if (scope.kind === 'global') scope.global.settings.maxconn = limit;
      else scope.proxy.settings.maxconn = limit;
    },
  },
  daemon: {
    usage: 'daemon',
    summary: 'Goes to the background.',
    in: ['global'],
    parse(_words, scope) {
      scope.global.settings.daemon = true;
    },
  },
  'tune.bufsize': {
    usage: 'tune.bufsize <size>',
    summary: 'The buffer size.',
    in: ['global'],
    parse(words, scope) {
      scope.global.settings.bufsize = words.size('a size', { min: 1024, max: 1024 ** 3 });
    },
  },
  node: {
    usage: 'node <name>',
    summary: 'The name of this node.',
    in: ['global'],
    parse(words, scope) {
      scope.global.settings.node = words.next('a name');
    },
  },
  description: {
    usage: 'description <text>',
    summary: 'Some text.',
    in: ['global', 'frontend', 'backend'],
    parse(words, scope) {
      const text = [words.next('a text'), ...words.rest()].join(' ');
      if (scope.kind === 'global') scope.global.settings.description = text;
      else scope.proxy.settings.description = text;
    },
  },
  id: {
    usage: 'id <number>',
    summary: 'A number of its own.',
    in: ['frontend', 'backend'],
    parse(words, scope) {
      scope.proxy.id = words.integer('an integer argument', { min: 1 });
    },
  },
  bind: {
    usage: 'bind <address> [ <word> … ]',
    summary: 'Where to listen.',
    in: ['frontend'],
    parse(words, scope) {
      const bind = scope.newBind(words.next('an address').split(','), words);
      scope.bindWords(bind, words);
      scope.proxy.binds.push(bind);
    },
  },
  server: {
    usage: 'server <name> <address> [ <word> … ]',
    summary: 'A server.',
    in: ['backend'],
    parse(words, scope) {
      const server = scope.newServer(words.next('a server name'), words.next('an address'), words);
      scope.serverWords(server, words);
      scope.proxy.servers.push(server);
    },
  },
  'default-server': {
    usage: 'default-server <word> …',
    summary: 'What servers start from.',
    in: ['defaults', 'backend'],
    parse(words, scope) {
      scope.serverWords(scope.proxy.defaultServer, words, true);
    },
  },
  default_backend: {
    usage: 'default_backend <name>',
    summary: 'Where traffic goes.',
    in: ['defaults', 'frontend'],
    parse(words, scope) {
      const name = words.next('a backend name');
      scope.proxy.settings.defaultBackend = name;
      scope.later((names) => {
        if (!names.proxy('backend', name)) words.fail(`unable to find required default_backend: '${name}'`);
      });
    },
  },
  use_backend: {
    usage: 'use_backend <name> [ { if | unless } <condition> ]',
    summary: 'Where some traffic goes.',
    in: ['frontend'],
    parse(words, scope) {
      const name = scope.format(words.next('a backend name'), words, ['fe-use-backend']);
      const condition = scope.condition(words, ['fe-use-backend']);
      scope.proxy.settings.useBackend.push({ name, condition, file: words.file, line: words.line });
    },
  },
  redirect: {
    usage: 'redirect location <url> { if | unless } <condition>',
    summary: 'A rule outside the rule sets.',
    in: ['frontend', 'backend'],
    parse(words, scope) {
      words.next('a kind');
      words.next('a URL');
      scope.condition(words, ['fe-http-request']);
    },
  },
  'monitor fail': {
    usage: 'monitor fail { if | unless } <condition>',
    summary: 'Another.',
    in: ['frontend'],
    parse: (words, scope) => void scope.condition(words, ['fe-http-request']),
  },
  'test-note': {
    usage: 'test-note <text> …',
    summary: 'Kept where extensions are kept.',
    in: ['global', ...ANYWHERE],
    parse(words, scope) {
      const text = words.next('a text');
      const holder = scope.kind === 'global' ? scope.global : scope.proxy;
      holder.extension(inherited).lines.push(text);
      holder.extension(own).lines.push(text);
      if (scope.kind !== 'global') scope.proxy.beforeForward(hook);
    },
  },
  'test-time': {
    usage: 'test-time [ us | s ] <time>',
    summary: 'A time in another unit.',
    in: ANYWHERE,
    parse(words, scope) {
      const unit = words.optional('us', 's') ?? 'ms';
      scope.proxy.settings.inspectDelay = words.time('a time', unit, { max: 86_400_000 });
    },
  },
  'test-size': {
    usage: 'test-size <size>',
    summary: 'A size.',
    in: ANYWHERE,
    parse(words, scope) {
      scope.proxy.settings.fullconn = words.size('a size');
    },
  },
  'test-file': {
    usage: 'test-file <path>',
    summary: 'A file.',
    in: ['global', ...ANYWHERE],
    parse(words, scope) {
      scope.global.settings.pidfile = scope.path(words.next('a path'), words);
    },
  },
  'test-regex': {
    usage: 'test-regex <regex>',
    summary: 'A regular expression.',
    in: ANYWHERE,
    parse(words, scope) {
      scope.proxy.extension(own).lines.push(scope.regex(words.next('a regex'), words).text);
    },
  },
  'test-crash': {
    usage: 'test-crash',
    summary: 'Throws what no plugin should.',
    in: ['global'],
    parse() {
      throw new TypeError('cannot read properties of undefined');
    },
  },
  'test-tell': {
    usage: 'test-tell { warn | notice | diag } <text>',
    summary: 'Says something.',
    in: ['global', ...ANYWHERE],
    parse(words) {
      const how = words.oneOf('a level', ['warn', 'notice', 'diag']);
      words[how](words.next('a text'));
    },
  },
  'test-balance': {
    usage: 'test-balance <algorithm>',
    summary: 'An unknown word of many.',
    in: ['defaults', 'backend'],
    parse(words) {
      words.next('an algorithm');
      words.unknown('a balance algorithm', [
        'roundrobin',
        'static-rr',
        'leastconn',
        'source',
        'uri',
        'first',
        'hash',
        'random',
        'hdr',
      ]);
    },
  },
  ...Object.fromEntries([
    timeout('client'),
    timeout('server'),
    timeout('connect'),
    option('httplog', false, ['defaults', 'frontend']),
    option('dontlognull', true, ['defaults', 'frontend']),
    option('allbackups', true, ['defaults', 'backend']),
    option('abortonclose', true),
  ]),
};

const ALL: readonly Ruleset[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'tcp-response content',
  'http-request',
  'http-response',
  'http-after-response',
];

const simple = (places: readonly Ruleset[], final: boolean): ActionKeyword => ({
  usage: 'an action',
  summary: 'An action.',
  in: places,
  final,
  parse: () => action,
});

const actions: Record<string, ActionKeyword> = {
  deny: simple(['http-request', 'http-response'], true),
  allow: simple(['http-request', 'http-response', 'http-after-response'], true),
  accept: simple(ALL.slice(0, 4), true),
  reject: simple(['tcp-request connection', 'tcp-request session', 'tcp-request content', 'http-request'], true),
  'set-header': {
    usage: 'set-header <name> <format>',
    summary: 'Sets a header.',
    in: ['http-request', 'http-response', 'http-after-response'],
    parse(words, scope) {
      words.next('a name');
      scope.format(words.next('a format'), words);
      return action;
    },
  },
  'set-var': {
    usage: 'set-var(<name>) <expression>',
    summary: 'Sets a variable.',
    in: ALL,
    prefix: true,
    parse(words, scope) {
      const name = /\(((?:proc|sess|txn|req|res)\.\w+)\)$/.exec(words.keyword)?.[1];
      if (name === undefined) words.fail(`'${words.keyword}' : the name of a variable must stand in the parentheses`);
      scope.expression(words);
      return action;
    },
  },
  'set-var-fmt': { ...simple(['http-request'], false), prefix: true },
  'track-sc': { ...simple(['http-request', 'tcp-request content'], false), prefix: true },
};

const userlist: SectionKeyword = {
  usage: 'userlist <name>',
  summary: 'Users.',
  named: true,
  open() {
    const users: string[] = [];
    return {
      directives: {
        user: (words) => void users.push(words.next('a user name')),
        group: (words) => void words.rest(),
      },
      close: () => {
        if (users.includes('nobody')) throw new Error('nobody is no user');
        return { users };
      },
    };
  },
};

export const testWords: Plugin = {
  name: 'test',
  api: 1,
  directives,
  actions,
  sections: { userlist },
  balance: {
    leastconn: { usage: 'leastconn', summary: 'A balance algorithm.', parse: () => () => ({ pick: () => undefined }) },
    hdr: {
      usage: 'hdr(<name>) [ <depth> ]',
      summary: 'One with an argument in its word.',
      parse(words) {
        if (!/\(.+\)$/.test(words.keyword))
          words.fail(`'${words.keyword}' : the name of a header must stand in the parentheses`);
        if (words.remaining > 0) words.integer('a depth');
        return () => ({ pick: () => undefined });
      },
    },
  },
  filters: {
    tee: {
      usage: 'tee <name>',
      summary: 'A filter.',
      parse(words) {
        words.next('a name');
        return { attach: () => undefined };
      },
    },
  },
  bindWords: {
    name: {
      usage: 'name <name>',
      summary: 'The name of the listener.',
      parse(words, scope) {
        scope.bind.name = words.next('a name');
      },
    },
    tfo: {
      usage: 'tfo',
      summary: 'TCP fast open.',
      parse(_words, scope) {
        scope.bind.fastOpen = true;
      },
    },
    maxconn: {
      usage: 'maxconn <n>',
      summary: 'A limit.',
      parse(words, scope) {
        scope.bind.maxconn = words.integer('a number', { min: 1 });
      },
    },
  },
  serverWords: {
    weight: {
      usage: 'weight <n>',
      summary: 'The weight.',
      parse(words, scope) {
        scope.server.weight = words.integer('a weight', { min: 0, max: 256 });
      },
    },
    backup: {
      usage: 'backup',
      summary: 'A backup server.',
      parse(_words, scope) {
        scope.server.backup = true;
      },
    },
    colour: {
      usage: 'colour <name>',
      summary: 'Kept where extensions are kept.',
      parse(words, scope) {
        scope.server.extension(colour).colour = words.next('a colour');
      },
    },
    id: {
      usage: 'id <n>',
      summary: 'A number of its own.',
      inDefault: false,
      parse(words, scope) {
        scope.server.id = words.integer('a number', { min: 1 });
      },
    },
    'set-proxy-v2-tlv-fmt': {
      usage: 'set-proxy-v2-tlv-fmt(<id>) <format>',
      summary: 'A word with its argument in parentheses.',
      prefix: true,
      parse(words, scope) {
        const id = Number(/\((0x[0-9a-f]+)\)/.exec(words.keyword)?.[1]);
        scope.server.proxyV2Tlvs.push({ id, format: scope.format(words.next('a format'), words) });
      },
    },
  },
};
