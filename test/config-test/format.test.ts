import { describe, expect, test, vi } from 'vitest';
import { Project, SITE } from './project.ts';

// Whole programs are run, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

const one = (lines: string): string => `configuration: haproxy.cfg\ncases:\n  - name: x\n${lines}`;
const ok = '    request: GET /\n    expect: { status: 200 }\n';

/** A file, and what is said of it behind its name. */
const WRONG: Readonly<Record<string, readonly [file: string, told: string]>> = {
  'no YAML': ['configuration: [a\n', ':2:1: Flow sequence in block collection must be'],
  empty: ['', ':1:1: the file is empty'],
  'no mapping': ['- a\n', ':1:1: expected the file (configuration, directory,'],
  'no configuration': ['cases: []\n', ":1:1: the file needs 'configuration'"],
  'no cases': ['configuration: haproxy.cfg\ncases: []\n', ':1:1: the file has no cases'],
  'an unknown key': [
    `confguration: haproxy.cfg\n`,
    ":1:1: unknown key 'confguration' in the file; did you mean 'configuration' maybe ?",
  ],
  'a configuration that is not there': [
    `configuration: nowhere.cfg\ncases:\n  - name: x\n${ok}`,
    ':1:16: Cannot open configuration file/directory ',
  ],
  'a key of a case': [
    one(`    reqest: GET /\n`),
    ":4:5: unknown key 'reqest' in a case; did you mean 'request' maybe ?",
  ],
  'a key of a request': [
    one('    request: { path: /x }\n'),
    ":4:16: unknown key 'path' in a request; known are method, url, version,",
  ],
  'a key of what is expected': [
    one('    request: GET /\n    expect:\n      bakend: app\n'),
    ":6:7: unknown key 'bakend' in expect; did you mean 'backend' maybe ?",
  ],
  'an unknown backend': [
    one('    request: GET /\n    expect: { backend: ap }\n'),
    ":5:24: the configuration has no backend 'ap'; did you mean 'app' maybe ?",
  ],
  'an unknown server': [
    one('    request: GET /\n    expect: { server: app/a3 }\n'),
    ":5:23: the backend 'app' has no server 'a3'; did you mean 'a1' maybe ?",
  ],
  'a server of no backend': [
    one('    request: GET /\n    expect: { server: b1 }\n'),
    ":5:23: the configuration has no server 'b1'; did you mean 'a1' maybe ?",
  ],
  'a server of another backend': [
    one('    request: GET /\n    expect: { backend: app, server: s1 }\n'),
    ":5:37: the configuration has no server 's1'; did you mean 'a1' maybe ?",
  ],
  'an unknown frontend': [
    one('    request: { frontend: wep }\n    expect: { status: 200 }\n'),
    ":4:26: the configuration has no frontend 'wep'; did you mean 'web' maybe ?",
  ],
  'an address nobody listens on': [
    one('    request: { address: ":81" }\n    expect: { status: 200 }\n'),
    ":4:25: nobody listens on ':81'; addresses are :80",
  ],
  'a server that is given': [
    one(`    given: { app/a9: down }\n${ok}`),
    ":4:14: the backend 'app' has no server 'a9'; did you mean 'a1' maybe ?",
  ],
  'an unknown state': [
    one(`    given: server app/a1 is dwn\n${ok}`),
    ":4:12: unknown state of a server 'dwn', expected up, down, drain, maint; did you mean 'down' maybe ?",
  ],
  'no sentence': [one(`    given: the sky is blue\n${ok}`), ":4:12: expected a sentence, like 'server web/s1 is down'"],
  'origins of an unknown backend': [
    `configuration: haproxy.cfg\norigins: { static/s2: { status: 500 } }\ncases:\n  - name: x\n${ok}`,
    ":2:12: the backend 'static' has no server 's2'; did you mean 's1' maybe ?",
  ],
  'an answer that cannot be': [
    one(`    origins: { app: { reset: true, status: 200 } }\n${ok}`),
    ':4:21: reset is in the place of an answer',
  ],
  'no status': [
    one('    request: GET /\n    expect: { status: 99 }\n'),
    ":5:23: '99' is no status: expected 100 to 599, like 2xx, or none",
  ],
  'a bad regular expression': [
    one('    request: GET /\n    expect: { body: { matches: "(" } }\n'),
    ':5:32: not a regular expression: /(/u: Unterminated group',
  ],
  'a variable without scope': [
    one('    request: GET /\n    expect: { variables: { kind: x } }\n'),
    ":5:28: 'kind' is no variable: expected a scope (proc, sess, txn, req, res) and a name, like txn.x",
  ],
  'what contradicts itself': [
    one('    request: GET /\n    expect: { origin: none, answered-by: origin }\n'),
    ":5:13: 'origin: none' and 'answered-by: origin' cannot both be",
  ],
  'a distribution of one request': [
    one('    request: GET /\n    expect: { servers: { a1: 1 } }\n'),
    ":5:13: 'servers' cannot be expected without 'repeat'; 'server' names the one",
  ],
  'a status of TCP': [
    one('    tcp: { send: x }\n    expect: { status: 200 }\n'),
    ":5:13: 'status' cannot be expected of a TCP connection",
  ],
  'bytes of HTTP': [
    one('    request: GET /\n    expect: { receive: x }\n'),
    ":5:13: 'receive' cannot be expected of a request; 'body' is what came back",
  ],
  'two things at once': [
    one('    request: GET /\n    tcp: { send: x }\n'),
    ':3:5: a request and tcp cannot both be given: which is it?',
  ],
  'nothing to do': [one('    after: 1s\n'), ":3:5: a case needs 'request', 'tcp' or 'steps'"],
  'nothing expected': [one('    request: GET /\n'), ':3:5: the case expects nothing: it would pass whatever happens'],
  'no time': [one(`    after: soon\n${ok}`), ":4:12: 'soon' is not a time: a number and us, ms, s, m, h or d"],
  'no date': [one(`    at: tomorrow\n${ok}`), ':4:9: expected a date and time, like 2026-12-24T18:00:00Z'],
  'no count': [
    one('    request: GET /\n    repeat: 2\n    expect: { statuses: { 200: some } }\n'),
    ":6:32: 'some' is no count: expected 10, 10-20 or { min, max }",
  ],
  'more at once than in all': [one(`    repeat: 2\n    at-once: 3\n${ok}`), ":3:5: 'at-once' says how many"],
  'no source': [
    one('    request: { source: office }\n    expect: { status: 200 }\n'),
    ":4:24: 'office' is no IP address, nor one with a port",
  ],
  SNI: [
    one('    request: { sni: www.example.com }\n    expect: { status: 200 }\n'),
    ":4:21: 'sni' needs TLS, which Sluice does not have yet",
  ],
  https: [
    one('    request: GET https://www.example.com/\n    expect: { status: 200 }\n'),
    ':4:14: https needs TLS, which Sluice does not have yet',
  ],
  'without nothing': [
    `configuration: haproxy.cfg\nwithout: [ssl]\ncases:\n  - name: x\n${ok}`,
    ":2:11: no line of the configuration begins with 'ssl'",
  ],
  'what is not compared': [
    one(`    may-differ: [server, hedaers.date]\n${ok}`),
    ":4:26: 'hedaers.date' is not compared, expected frontend,",
  ],
  'hexadecimal digits': [
    one('    tcp: { send: { hex: "0g" } }\n    expect: { receive: x }\n'),
    ':4:25: expected pairs of hexadecimal digits',
  ],
  'an anchor that is not there': [one(`    origins: *all\n${ok}`), ':4:14: '],
};

describe('a test file that cannot be meant', () => {
  test('is told with file, line, column and what was expected', async () => {
    const names = Object.keys(WRONG);
    const files = names.map((name, index) => [`${index}.cfgtest.yaml`, WRONG[name]![0]] as const);
    const project = new Project({ 'haproxy.cfg': SITE, ...Object.fromEntries(files) });
    const { code, text } = await project.run();
    for (const [index, name] of names.entries())
      expect.soft(text, name).toContain(`   ${index}.cfgtest.yaml${WRONG[name]![1]}`);
    expect(text).toContain(`Files  ${names.length} failed`);
    expect(text).toContain('× 0.cfgtest.yaml (could not be run)');
    expect(code).toBe(1);
  });

  test('tells all that is wrong, case by case', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'x.cfgtest.yaml': `configuration: haproxy.cfg\ncases:\n  - name: a\n    requet: 1\n  - name: b\n    request: GET /\n    expect: { status: 1000 }\n`,
    });
    const { text } = await project.run();
    expect(text).toContain("x.cfgtest.yaml:4:5: unknown key 'requet'");
    expect(text).toContain("x.cfgtest.yaml:7:23: '1000' is no status");
  });

  test('a configuration that is refused is told with its line', async () => {
    const project = new Project({
      'haproxy.cfg': SITE.replace('default_backend', 'defualt_backend'),
      'x.cfgtest.yaml': one(ok),
    });
    const { code, text } = await project.run();
    expect(text).toContain('The configuration is refused:');
    expect(text).toMatch(
      /parsing \[haproxy\.cfg:24\] : unknown keyword 'defualt_backend'.*did you mean 'default_backend'.*\(column 5\)/,
    );
    expect(code).toBe(1);
  });
});
