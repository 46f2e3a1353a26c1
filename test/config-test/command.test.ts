import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { testCommand } from '../../core/cli/test-command.ts';
import { missing, title } from '../support/which.ts';
import { Project, SITE, timeless } from './project.ts';

// Whole programs are run, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

const PASSING = `configuration: haproxy.cfg
cases:
  - name: first
    request: GET /
    expect: { status: 200 }
  - name: second & <last>
    request: GET /secret
    expect: { status: 403 }
`;
const FAILING = PASSING.replace('status: 200', 'status: 201');

describe('the command', () => {
  test('finds tests below the current folder, and runs those that are named', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'a.cfgtest.yaml': PASSING,
      'deep/er/b.cfgtest.yml': PASSING.replace('haproxy.cfg', '../../haproxy.cfg'),
      'deep/golden.cfgtest': 'this is something else',
      'node_modules/x/c.cfgtest.yaml': FAILING,
      '.hidden/d.cfgtest.yaml': FAILING,
      'named.yaml': FAILING,
    });
    const all = await project.run();
    expect(all.text).toContain('✓ a.cfgtest.yaml (2 cases)');
    expect(all.text).toContain('✓ deep/er/b.cfgtest.yml (2 cases)');
    expect(all.text).toContain('Files  2 passed (2)');
    expect(all.code).toBe(0);
    const some = await project.run(['deep', 'named.yaml']);
    expect(some.text).toContain('Files  1 failed | 1 passed (2)');
    expect(some.code).toBe(1);
  });

  test('what makes no sense ends with 2', async () => {
    const project = new Project({ 'haproxy.cfg': SITE, 'a.cfgtest.yaml': PASSING, 'empty/x.txt': '' });
    const wrong: [string[], string][] = [
      [['--covrage'], "unknown option '--covrage'; did you mean '--coverage' maybe ?; see sluice test --help"],
      [['--filter'], "'--filter' expects a regular expression"],
      [['-t', '('], 'Invalid regular expression'],
      [['-t', 'nobody'], 'no case has a name that matches /nobody/u'],
      [['--bail=yes'], "'--bail' takes no value"],
      [['--reporter', 'xml'], "unknown reporter 'xml', expected text or junit"],
      [['--output', 'x.xml'], "'--output' is the file of '--reporter junit'"],
      [['--reporter=junit', '--output=no/where/x.xml'], "'--output': ENOENT"],
      [['--coverage-threshold', '101'], "'101' is no percentage: expected 0 to 100"],
      [['--against', 'nginx'], "'--against nginx': expected sluice, haproxy or haproxy=<path>"],
      [['--against', 'haproxy=/no/haproxy'], "'/no/haproxy' cannot be run"],
      [['nowhere'], "there is no file or folder 'nowhere'"],
      [['empty'], 'there are no test files (*.cfgtest.yaml, *.cfgtest.ts) in '],
      [['haproxy.cfg'], "'haproxy.cfg' is no test file"],
    ];
    for (const [args, told] of wrong) {
      let said = '';
      // In this process, as there are many; words that are no options are in the project's folder.
      const words = args.map((word) =>
        /^(?:nowhere|empty|haproxy\.cfg)$/.test(word) ? join(project.folder, word) : word,
      );
      const named = words.some((word, index) => word !== args[index]) ? [] : [join(project.folder, 'a.cfgtest.yaml')];
      const code = await testCommand(
        [...named, ...words],
        () => {},
        (text) => (said += text),
      );
      expect.soft(said.replaceAll(`${project.folder}/`, ''), args.join(' ')).toContain(`sluice test: ${told}`);
      expect.soft(code, args.join(' ')).toBe(2);
    }
    const { code, stderr } = await project.run(['--covrage']);
    expect(stderr).toContain("sluice test: unknown option '--covrage'");
    expect(code).toBe(2);
  });

  test('--help', async () => {
    const { code, stdout } = await new Project({}).run(['--help']);
    expect(stdout).toContain('Usage : sluice test [options] [files|folders ...]');
    expect(code).toBe(0);
  });

  test('--filter, --bail, only and skip', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'a.cfgtest.yaml': `${FAILING}  - name: third\n    request: GET /\n    expect: { status: 202 }\n`,
      'b.cfgtest.yaml': PASSING.replace('request: GET /\n', 'only: true\n    request: GET /\n'),
      'c.cfgtest.yaml': FAILING.replace('request: GET /\n', 'skip: true\n    request: GET /\n'),
    });
    const filtered = await project.run(['-t', '^sec', 'a.cfgtest.yaml']);
    expect(filtered.text).toContain('Cases  1 passed (1)');
    expect(filtered.code).toBe(0);
    const bailing = await project.run(['--bail']);
    expect(bailing.text).toContain('Files  1 failed (1)');
    expect(bailing.text).toContain('Cases  1 failed (1)');
    const only = await project.run(['b.cfgtest.yaml']);
    expect(only.text).toContain('↓ second & <last> [skipped: others have only: true]');
    expect(only.text).toContain('Cases  1 passed | 1 skipped (2)');
    const skipped = await project.run(['c.cfgtest.yaml']);
    expect(skipped.text).toContain('↓ first [skipped]');
    expect(skipped.code).toBe(0);
  });

  test('colours are for terminals, or for who asks', async () => {
    const project = new Project({ 'haproxy.cfg': SITE, 'a.cfgtest.yaml': PASSING });
    expect((await project.run()).stdout).not.toContain('\u001B[');
    expect((await project.run([], { FORCE_COLOR: '1' })).stdout).toContain('\u001B[32m✓\u001B[39m');
    expect((await project.run([], { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain('\u001B[');
  });

  test('--watch runs again when a test or the configuration changes', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'tests/a.cfgtest.yaml': PASSING.replace('haproxy.cfg', '../haproxy.cfg'),
    });
    const running = project.start(['--watch']);
    try {
      const rounds = (): number => running.stdout.split('Waiting for changes').length - 1;
      expect(await running.when(() => rounds() === 1, 15_000)).toBe(true);
      project.write({ 'haproxy.cfg': SITE.replace('deny if is_secret', 'deny deny_status 404 if is_secret') });
      expect(await running.when(() => rounds() === 2, 15_000)).toBe(true);
      expect(running.stdout).toContain('status: expected 403, received 404');
      project.write({ 'tests/a.cfgtest.yaml': PASSING.replace('haproxy.cfg', '../haproxy.cfg').replace('403', '404') });
      expect(await running.when(() => rounds() === 3, 15_000)).toBe(true);
      expect(timeless(Buffer.from(running.stdout, 'latin1').toString('utf8')).split('Waiting')[2]).toContain(
        'Cases  2 passed',
      );
    } finally {
      await running.stop();
    }
  });
});

describe('JUnit', () => {
  test('on stdout, alone', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'a.cfgtest.yaml': FAILING.replace(
        'cases:\n',
        'cases:\n  - { name: later, skip: "not \\"yet\\"", request: GET /, expect: { status: 1xx } }\n',
      ),
      'b.cfgtest.yaml': 'cases: []\n',
    });
    const { code, stdout } = await project.run(['--reporter', 'junit']);
    expect(code).toBe(1);
    expect(timeless(stdout)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="sluice test" tests="4" failures="1" errors="1" skipped="1" time="N">
        <testsuite name="a.cfgtest.yaml" tests="3" failures="1" errors="0" skipped="1" time="N">
          <testcase name="later" classname="a.cfgtest.yaml" file="a.cfgtest.yaml" line="3" time="N">
            <skipped message="not &quot;yet&quot;"/>
          </testcase>
          <testcase name="first" classname="a.cfgtest.yaml" file="a.cfgtest.yaml" line="4" time="N">
            <failure message="status: expected 201, received 200">a.cfgtest.yaml:6:13
      status
      - expected  201
      + received  200</failure>
          </testcase>
          <testcase name="second &amp; &lt;last&gt;" classname="a.cfgtest.yaml" file="a.cfgtest.yaml" line="7" time="N"/>
        </testsuite>
        <testsuite name="b.cfgtest.yaml" tests="1" failures="0" errors="1" skipped="0" time="N">
          <testcase name="can be run" classname="b.cfgtest.yaml" time="N">
            <error message="b.cfgtest.yaml:1:1: the file needs 'configuration'">b.cfgtest.yaml:1:1: the file needs 'configuration'</error>
          </testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });

  test('in a file, beside the report for people', async () => {
    const project = new Project({ 'haproxy.cfg': SITE, 'a.cfgtest.yaml': PASSING });
    const { code, text } = await project.run(['--reporter=text', '--reporter=junit', '--output=out.xml']);
    expect(text).toContain('Cases  2 passed');
    expect(readFileSync(join(project.folder, 'out.xml'), 'utf8')).toContain(
      '<testsuites name="sluice test" tests="2" failures="0" errors="0" skipped="0"',
    );
    expect(code).toBe(0);
  });
});

describe('coverage', () => {
  const config = `defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend web
    bind :80
    acl is_a path_beg /a
    acl is_b path_beg /b
    acl is_b path_beg /c
    http-request set-header X-Always yes
    http-request set-header X-A yes if is_a
    http-request return status 204 if is_b
    http-request deny unless { path_beg / }
    use_backend other if { path /other }
    default_backend app
backend app
    balance roundrobin
    server a1 10.0.0.1:80
    server a2 10.0.0.2:80
backend other
    http-response set-header X-Other yes
    server o1 10.0.0.3:80
frontend unused
    bind :81
    default_backend other
`;
  const tests = (path: string): string =>
    `configuration: haproxy.cfg\nrequest: { frontend: web }\ncases:\n  - name: ${path}\n    request: ${path}\n    expect: { status: [200, 204] }\n`;

  test('tells what no case has made true, over all files', async () => {
    const project = new Project({
      'haproxy.cfg': config,
      'a.cfgtest.yaml': tests('/a'),
      'b.cfgtest.yaml': tests('/b'),
    });
    const { code, text } = await project.run(['--coverage']);
    expect(code).toBe(0);
    expect(text.split('Coverage')[1]).toMatchInlineSnapshot(`
      "
         haproxy.cfg 8 of 16
           haproxy.cfg:10  acl is_b path_beg /c  never true
           haproxy.cfg:14  http-request deny unless { path_beg / }  never true
           haproxy.cfg:15  use_backend other if { path /other }  never true
           haproxy.cfg:20  server app/a2  never used
           haproxy.cfg:21  backend other  never used
           haproxy.cfg:22  http-response set-header X-Other yes  never reached
           haproxy.cfg:23  server other/o1  never used
           haproxy.cfg:24  frontend unused  never used
         50 % of rules, conditions, ACLs, frontends, backends and servers

        Files  2 passed (2)
        Cases  2 passed (2)
         Time  N ms

      "
    `);
  });

  test('below the threshold is a failure', async () => {
    const project = new Project({ 'haproxy.cfg': config, 'a.cfgtest.yaml': tests('/a') });
    const { code, text } = await project.run([
      '--coverage-threshold',
      '90',
      '--reporter=junit',
      '--reporter=text',
      '--output=o.xml',
    ]);
    expect(text).toMatch(/Cover {2}[\d.]+ %, 90 % asked for/);
    expect(code).toBe(1);
    expect(readFileSync(join(project.folder, 'o.xml'), 'utf8')).toContain('<testcase name="at least 90 %"');
    expect((await project.run(['--coverage-threshold=20'])).code).toBe(0);
  });

  test('is not to be had of HAProxy', async () => {
    const absent = missing('haproxy');
    if (absent.length > 0) return;
    const { code, stderr } = await new Project({}).run(['--coverage', '--against', 'haproxy']);
    expect(stderr).toContain("'--coverage' looks into Sluice");
    expect(code).toBe(2);
  });
});

describe('tests as programs', () => {
  const program = `import { defineTests } from 'sluice/testing';
export default defineTests({
  configuration: 'haproxy.cfg',
  cases: ['/', '/x'].map((path) => ({
    name: \`asks for \${path}\`,
    request: { url: path },
    expect: { status: 200, headers: { 'x-served': /^y/ }, origin: { path } },
  })),
});
`;

  test('JavaScript', async () => {
    const project = new Project({ 'haproxy.cfg': SITE, 'a.cfgtest.mjs': program });
    project.installSluice();
    const { code, text } = await project.run();
    expect(text).toContain('✓ asks for /x');
    expect(code).toBe(0);
  });

  test('CommonJS', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'a.cfgtest.cjs': `module.exports = { configuration: 'haproxy.cfg', cases: [{ name: 'c', request: 'GET /', expect: { status: 200 } }] };\n`,
    });
    expect((await project.run()).text).toContain('Cases  1 passed');
  });

  test('TypeScript, or why not', async () => {
    const typed = program.replace('(path)', '(path: string)');
    const project = new Project({ 'haproxy.cfg': SITE, 'package.json': '{ "type": "module" }', 'a.cfgtest.ts': typed });
    project.installSluice();
    const { code, text } = await project.run();
    const runs =
      (process.features as { typescript?: unknown }).typescript !== undefined && process.features.typescript !== false;
    if (runs) expect(text).toContain('Cases  2 passed');
    else
      expect(text).toContain(`a.cfgtest.ts: Node ${process.version} does not run TypeScript; use Node 22.18 or later`);
    expect(code).toBe(runs ? 0 : 1);
  });

  test('what is wrong is told by where it is', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'a.cfgtest.mjs': program.replace('status: 200', 'statsu: 200'),
      'b.cfgtest.mjs': 'export const tests = {};\n',
      'c.cfgtest.mjs': 'throw new Error("no way");\n',
      'd.cfgtest.mjs': 'export default { configuration: () => {}, cases: [] };\n',
    });
    project.installSluice();
    const { text } = await project.run();
    expect(text).toContain(
      "a.cfgtest.mjs (cases[0].expect.statsu): unknown key 'statsu' in expect; did you mean 'status' maybe ?",
    );
    expect(text).toContain(
      'b.cfgtest.mjs: there is no default export; tests are written as: export default defineTests({ … })',
    );
    expect(text).toContain('c.cfgtest.mjs: the file cannot be loaded: no way');
    expect(text).toContain("d.cfgtest.mjs (configuration): a value of the type 'function' has no meaning here");
  });
});

const absent = missing('haproxy');
describe.skipIf(absent.length > 0)(title('against HAProxy', absent), () => {
  test('what both do is compared, whether or not it is expected', async () => {
    const project = new Project({
      'haproxy.cfg': SITE.replace('X-Client %[src]:%[src_port]', 'X-Client %[rand(1000000000)]'),
      'a.cfgtest.yaml': PASSING,
    });
    const { code, text } = await project.run(['--against', 'sluice', '--against', 'haproxy']);
    expect(text).toMatch(/→ origin\.headers\.x-client differs: Sluice \d+, HAProxy \d+/);
    expect(text).toContain('The programs differ:');
    expect(text).toContain('Cases  1 failed | 1 passed (2)');
    expect(code).toBe(1);
    project.write({ 'a.cfgtest.yaml': PASSING.replace('first\n', 'first\n    may-differ: origin.headers.x-client\n') });
    expect(await project.run(['--against', 'sluice', '--against', 'haproxy'])).toMatchObject({ code: 0 });
  });

  test('what it does not know is told with the line of the file as it is', async () => {
    const project = new Project({
      // Newer than HAProxy 2.6.
      'haproxy.cfg': SITE.replace('http-request deny if is_secret', 'http-request set-timeout client 5s'),
      'a.cfgtest.yaml': PASSING.replace('403', '200'),
    });
    const { code, text } = await project.run(['--against=sluice,haproxy']);
    expect(text).toContain("HAProxy does not start: parsing [haproxy.cfg:18] : error detected in frontend 'web'");
    expect(code).toBe(1);
    expect(await project.run()).toMatchObject({ code: 0 });
  });

  test('what cannot be seen there is said', async () => {
    const project = new Project({
      'haproxy.cfg': SITE.replace('option httplog', 'log-format "%ci %ST"').replace(
        'set-var(txn.kind)',
        'set-var(req.kind)',
      ),
      'a.cfgtest.yaml': `configuration: haproxy.cfg
cases:
  - name: inside
    request: GET /static/
    expect: { status: 200, variables: { req.kind: static }, log: { termination: ---- } }
  - name: not there
    haproxy: for a good reason
    request: GET /
    expect: { status: 200 }
`,
    });
    const both = await project.run(['--against=sluice,haproxy']);
    expect(both.text).toContain('↓ not checked with HAProxy: log.termination, variables.req.kind');
    expect(both.text).toContain('↓ not checked with HAProxy: for a good reason');
    expect(both.code).toBe(0);
    const alone = await project.run(['--against=haproxy']);
    expect(alone.text).toContain('↓ not there [skipped: for a good reason]');
  });

  test('nothing of it is left behind, even when a signal ends the tests', async () => {
    const project = new Project({
      'haproxy.cfg': SITE,
      'a.cfgtest.yaml': `configuration: haproxy.cfg\norigins: { app: { delay: 1m } }\ncases:\n  - name: x\n    request: GET /\n    expect: { status: 200 }\n`,
    });
    const mine = (): string[] => readdirSync(project.folder).filter((name) => name.startsWith('sluice-against-'));
    const running = project.start(['--against=haproxy'], { TMPDIR: project.folder });
    const there = (): boolean => mine().some((name) => existsSync(join(project.folder, name, 'admin.sock')));
    for (let i = 0; i < 1000 && !there(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(there()).toBe(true);
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(143);
    expect(mine()).toEqual([]);
  });
});
