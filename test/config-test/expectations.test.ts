import { describe, expect, test, vi } from 'vitest';
import { missing } from '../support/which.ts';
import { Project, SITE } from './project.ts';

// Whole programs are run, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

/** An expectation that holds, one that does not, and how that is told. `case` is what the case has besides. */
interface Kind {
  readonly case?: string;
  readonly good: string;
  readonly bad: string;
  readonly told: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  frontend: { good: 'frontend: web', bad: 'backend: static', told: 'backend: expected static, received app' },
  'one of several backends': {
    good: 'backend: [static, app]',
    bad: 'backend: none',
    told: 'backend: expected none, received app',
  },
  server: { good: 'server: a1', bad: 'server: a2', told: 'server: expected a2, received a1' },
  'server with its backend': {
    good: 'server: app/a1',
    bad: 'server: [app/a2, static/s1]',
    told: 'server: expected app/a2 or static/s1, received app/a1',
  },
  'no server': {
    case: 'request: GET /secret',
    good: 'server: none, backend: none',
    bad: 'server: a1',
    told: 'server: expected a1, received none',
  },
  status: { good: 'status: 200', bad: 'status: 204', told: 'status: expected 204, received 200' },
  'class of statuses': {
    good: 'status: 2xx',
    bad: 'status: [3xx, 404]',
    told: 'status: expected 3xx or 404, received 200',
  },
  'no answer': {
    case: 'request: GET /reject',
    good: 'status: none, connection: closed, origin: none',
    bad: 'status: 200',
    told: 'status: expected 200, received no answer',
  },
  'no answer, and nobody says so': {
    case: 'request: GET /drop',
    good: 'status: [none, 5xx], origin: none',
    bad: 'status: none, origin: { requests: 1 }',
    told: 'origin.requests: expected 1, received 0',
  },
  reason: { good: 'reason: OK', bad: 'reason: Fine', told: 'reason: expected "Fine", received "OK"' },
  'header equal': {
    good: 'headers: { X-Served: "yes" }',
    bad: 'headers: { X-Served: "no" }',
    told: 'headers.x-served: expected "no", received "yes"',
  },
  'header present': {
    good: 'headers: { x-served: true }',
    bad: 'headers: { x-other: true }',
    told: 'headers.x-other: expected present, received absent',
  },
  'header absent': {
    good: 'headers: { x-other: false }',
    bad: 'headers: { x-served: false }',
    told: 'headers.x-served: expected absent, received "yes"',
  },
  'header matching': {
    good: 'headers: { x-served: { matches: "^y", not: no, contains: e, starts-with: ye, ends-with: s } }',
    bad: 'headers: { x-served: { matches: "^n" } }',
    told: 'headers.x-served: expected matching /^n/, received "yes"',
  },
  'any of several texts': {
    good: 'headers: { x-served: { any-of: ["no", "yes"] } }',
    bad: 'headers: { x-served: { any-of: [a, { contains: b }] } }',
    told: 'headers.x-served: expected "a" or containing "b", received "yes"',
  },
  body: {
    good: 'body: "origin app/a1\\n"',
    bad: 'body: { contains: static }',
    told: 'body: expected containing "static", received "origin app/a1\\n"',
  },
  location: {
    case: 'request: GET /old',
    good: 'status: 301, location: /new',
    bad: 'location: /newer',
    told: 'location: expected "/newer", received "/new"',
  },
  'answered by the origin': {
    good: 'answered-by: origin',
    bad: 'answered-by: proxy',
    told: 'answered-by: expected proxy, received origin',
  },
  'answered by the proxy': {
    case: 'request: GET /secret',
    good: 'answered-by: proxy, status: 403',
    bad: 'answered-by: origin',
    told: 'answered-by: expected origin, received proxy',
  },
  'origin: method, url, path, query, version, body': {
    case: 'request: { method: PUT, url: "/static/a?b=c", body: hello }',
    good: 'origin: { method: PUT, url: "/a?b=c", path: /a, query: b=c, version: "1.1", body: hello }',
    bad: 'origin: { path: /static/a }',
    told: 'origin.path: expected "/static/a", received "/a"',
  },
  'origin: headers, where the client says who it is': {
    case: 'request: { source: "203.0.113.5:4711" }',
    good: 'origin: { headers: { x-client: "203.0.113.5:4711", x-place: "192.0.2.1:80", x-none: false } }',
    bad: 'origin: { headers: { x-client: "203.0.113.6:4711" } }',
    told: 'origin.headers.x-client: expected "203.0.113.6:4711", received "203.0.113.5:4711"',
  },
  'a client and a destination of IPv6': {
    case: 'request: { source: "2001:db8::9", destination: "2001:db8::80" }',
    good: 'origin: { headers: { x-client: { starts-with: "2001:db8::9:" }, x-place: "2001:db8::80:80" } }',
    bad: 'origin: { headers: { x-place: "::80" } }',
    told: 'origin.headers.x-place: expected "::80", received "2001:db8::80:80"',
  },
  'origin asked or not': {
    case: 'request: GET /secret',
    good: 'origin: none',
    bad: 'origin: { path: /secret }',
    told: 'origin: expected a request, received no stand-in was asked',
  },
  'origin: how often': {
    good: 'origin: { requests: 1 }',
    bad: 'origin: { requests: 2-3 }',
    told: 'origin.requests: expected 2 to 3, received 1',
  },
  'log line': {
    good: 'log: { matches: "web app/a1 [0-9/]+ 200 " }',
    bad: 'log: { contains: app/a2 }',
    told: 'log: expected containing "app/a2", received "198.51.100.7:40001 [',
  },
  'log fields': {
    case: 'request: GET /secret',
    good: 'log: { termination: PR--, status: 403, frontend: web, retries: 0, request: GET /secret HTTP/1.1 }',
    bad: 'log: { termination: ---- }',
    told: 'log.termination: expected "----", received "PR--"',
  },
  variables: {
    case: 'request: GET /static/x',
    good: 'variables: { txn.kind: static, txn.other: false }',
    bad: 'variables: { txn.kind: false }',
    told: 'variables.txn.kind: expected absent, received "static"',
  },
  'connection open': {
    good: 'connection: open',
    bad: 'connection: closed',
    told: 'connection: expected closed, received open',
  },
  'connection closed': {
    case: 'request: { version: "1.0" }',
    good: 'connection: closed',
    bad: 'connection: open',
    told: 'connection: expected open, received closed',
  },
  'servers of repeated requests': {
    case: 'request: GET /\n    repeat: 10',
    good: 'status: 200, servers: { a1: 5, app/a2: { min: 4 } }',
    bad: 'servers: { a1: 10 }',
    told: 'servers.a1: expected 10, received 5',
  },
  'statuses of repeated requests': {
    case: 'request: GET /secret\n    repeat: 3\n    at-once: 3',
    good: 'statuses: { 403: 3, 2xx: 0 }',
    bad: 'statuses: { 200: 1-2 }',
    told: 'statuses.200: expected 1 to 2, received 0',
  },
  'each of repeated requests': {
    case: 'request: GET /\n    repeat: 4',
    good: 'backend: app',
    bad: 'server: a1',
    told: 'server (request 2 of 4): expected a1, received a2',
  },
};

function suite(which: 'good' | 'bad'): string {
  const cases = Object.entries(KINDS).map(
    ([name, kind]) =>
      `  - name: ${JSON.stringify(name)}\n    ${kind.case ?? 'request: GET /'}\n    expect: { ${kind[which]} }\n`,
  );
  return `configuration: haproxy.cfg\ncases:\n${cases.join('')}`;
}

const PROGRAMS = ['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])];

describe.each(PROGRAMS)('expectations, against %s', (program) => {
  test('that hold', async () => {
    const project = new Project({ 'haproxy.cfg': SITE, 'site.cfgtest.yaml': suite('good') });
    const { code, text } = await project.run(['--against', program]);
    expect(text).toContain(`Cases  ${Object.keys(KINDS).length} passed`);
    expect(code).toBe(0);
    // Nothing was passed over.
    expect(text).not.toContain('not checked');
  });

  test('that do not', async () => {
    const project = new Project({ 'haproxy.cfg': SITE, 'site.cfgtest.yaml': suite('bad') });
    const { code, text } = await project.run(['--against', program]);
    expect(code).toBe(1);
    expect(text).toContain(`Cases  ${Object.keys(KINDS).length} failed`);
    for (const { told } of Object.values(KINDS)) expect(text).toContain(`→ ${told}`);
  });
});

test('what a failure looks like', async () => {
  const project = new Project({
    'haproxy.cfg': SITE,
    'site.cfgtest.yaml': `configuration: haproxy.cfg
origins:
  static:
    body: "one\\ntwo\\nthree\\n"
cases:
  - name: good
    request: GET /
    expect:
      status: 200
  - name: bad
    steps:
      - request: GET /
        expect: { status: 200 }
      - name: the second
        request: GET /static/x
        expect:
          backend: app
          status: 404
          body: "one\\n2\\nthree\\n"
  - name: later
    skip: not yet
    request: GET /
    expect: { status: 500 }
`,
  });
  const { code, text } = await project.run();
  expect(code).toBe(1);
  expect(text).toMatchInlineSnapshot(`
    " sluice test

     × site.cfgtest.yaml (3 cases | 1 failed | 1 skipped) N ms
       ✓ good N ms
       × bad N ms
         → the second: backend: expected app, received static
         → the second: status: expected 404, received 200
         → the second: body: expected "one\\n2\\nthree\\n", received "one\\ntwo\\nthree\\n"
       ↓ later [skipped: not yet]

    ⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯ Failed cases 1 ⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯

      FAIL  site.cfgtest.yaml > bad
       the second at site.cfgtest.yaml:17:11
         backend
           - expected  app
           + received  static
         status
           - expected  404
           + received  200
         body
           - expected  + received
             one
           - 2
           + two
             three

         it went web → static/s1 and came to 200

    ⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯

      Files  1 failed (1)
      Cases  1 failed | 1 passed | 1 skipped (3)
       Time  N ms

    "
  `);
});
