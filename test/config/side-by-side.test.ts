import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateCondition, formatDiagnostic, loadConfig } from '../../core/config/index.ts';
import { missing, title, which } from '../support/which.ts';
import { stubCompiler } from './stub-compiler.ts';
import { testWords } from './words.ts';

const absent = missing('haproxy');
const ENV = { X: 'a b c', E: '' };
const T = ' timeout client 1s\n timeout server 1s\n timeout connect 1s\n';
const D = `defaults d\n mode http\n${T}`;

function haproxy(args: readonly string[]): Promise<{ output: string; code: number }> {
  return new Promise((resolve) => {
    execFile(which('haproxy')!, [...args], { env: ENV, encoding: 'latin1' }, (error, _out, output) => {
      resolve({ output, code: typeof error?.code === 'number' ? error.code : 0 });
    });
  });
}

/** The lines about the configuration without process ids and columns, and with one spelling of `[file:line] :`. */
function comparable(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.replace(/\(\d+\) : /, '').replace(/^(\[\w+\] +config : )P?(arsing)/i, '$1p$2'))
    .map((line) => line.replace(/config : \w+arsing/i, 'config : parsing').replace(/:(\d+)\] ?:/, ':$1] :'))
    .map((line) => line.replace(/ \(column \d+\)(?=:?$)/, ''))
    .filter((line) => !/version is|path to executable|^\[NOTICE\].* errors?, |^Warnings|^Configuration|^$/.test(line))
    .filter((line) => !/(?:Error\(s\)|Fatal errors) found/.test(line));
}

describe.skipIf(absent.length > 0)(title('what HAProxy says of the same configuration', absent), () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-beside-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const same: [string, string][] = [
    ['a word out of section', 'foo bar\n'],
    ['unknown words', 'global\n foo bar\n maxcon 3\nfrontend f\n mod http\n'],
    ['unmatched double quote', 'frontend f\n bind "abc\n'],
    ['unmatched single quote', "global\n        foo 'abc\n"],
    ['bad hexadecimal', 'global\n node ab\\xzz\n'],
    ['bad variables', 'global\n node "${abc"\n node "${}"\n node "$"\n node "$1"\n node "${1a}"\n node "${a b}"\n'],
    ['bad expansion', 'global\n node "${X[1]}"\n'],
    ['missing line feed', 'frontend f\n bind :8000'],
    ['stray NUL', 'global\n maxconn 10\0 20\n maxconn 5\n'],
    ['messages', '.notice hello\n.warning "x y"\n.notice "$X"\n.notice "${.FILE}:${.LINE}:${.SECTION}"\n'],
    ['message with two words', '.notice a b\n'],
    ['lone .else', 'global\n.else\n'],
    ['lone .endif', 'global\n.endif\n'],
    ['open .if', 'global\n.if 1\n'],
    ['too many .if', '.if 1\n'.repeat(100) + '.endif\n'.repeat(100)],
    ['bad frontend name', 'frontend f@\n'],
    ['bad backend name', 'backend "a b"\n'],
    ['ambiguous defaults', 'defaults d1\ndefaults d1\nfrontend f from d1\n bind :8000\n'],
    ['defaults of no such name', 'frontend g from nope\n bind :8000\n'],
    ['defaults with a bad name', 'defaults d@\nfrontend f from d@\n bind :8000\n'],
    ['defaults from no such name', 'defaults d from d\n'],
    [
      'rules in defaults of defaults',
      `${D} http-request deny if TRUE\ndefaults e from d\nfrontend f from e\n bind :8000\n`,
    ],
    ['duplicate names', `${D}frontend a\n bind :8000\nfrontend a\n bind :8001\n`],
    ['environment words', 'global\n setenv A\n setenv\n unsetenv\n presetenv\n'],
    ['times', 'defaults\n timeout client 25d\n timeout client 2147483648\n timeout client 597h\n'],
    ['options', 'frontend f\n bind :8000\n option\n option foo\n option httlog\n no option httplog\n'],
    ['removed options', 'backend b\n option forceclose\n option http-tunnel\n'],
    ['wrong sections', `${D}backend b\n bind :8000\n`],
    ['words that defaults have not', 'defaults\n bind :80\n'],
    ['rules in anonymous defaults', 'defaults\n http-request deny\n'],
    ['acl in anonymous defaults', 'defaults\n acl x path /\n'],
    [
      'order of rules',
      `${D}frontend f\n bind :8000\n http-request deny if FALSE\n tcp-request content accept if TRUE\n tcp-request session accept if TRUE\n tcp-request connection accept if TRUE\n`,
    ],
    [
      'rules after use_backend',
      `${D}frontend f\n bind :8000\n use_backend b if TRUE\n http-request deny if TRUE\nbackend b\n`,
    ],
    [
      'rules of all kinds in the wrong order',
      `${D}frontend f\n bind :8000\n use_backend b if TRUE\n redirect location / if TRUE\n http-request deny if TRUE\n monitor fail if TRUE\n tcp-request content accept if TRUE\nbackend b\n`,
    ],
    [
      'rules after a final one',
      `${D}frontend f\n bind :8000\n http-request deny\n http-request deny\n http-response deny\n http-response deny\n`,
    ],
    ['http rules in a tcp proxy', `defaults\n${T}frontend f\n bind :8000\n http-request deny\n`],
    ['no condition behind an action', `${D}frontend f\n bind :8000\n http-request deny foo\n`],
    ['no such ACL', `${D}frontend f\n bind :8000\n http-request deny if foo\n`],
    ['no bind', `${D}frontend f\nlisten l\n`],
    ['no timeouts', 'frontend f\n bind :8000\nlisten l\n bind :8001\nbackend b\n server s 127.0.0.1:1\nbackend c\n'],
    ['extra arguments', 'global x\n maxconn 5 6\n'],
  ];

  test.each(same)('%s', async (_name, text) => {
    const file = join(folder, 'test.cfg');
    await writeFile(file, text, 'latin1');
    const theirs = await haproxy(['-c', '-f', file]);
    const loaded = await loadConfig({
      sources: [file],
      env: ENV,
      plugins: [testWords],
      compilerFor: () => stubCompiler,
    });
    const ours = loaded.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, 1)).join('\n');
    expect(comparable(ours)).toEqual(comparable(theirs.output));
    expect(loaded.failed).toBe(theirs.code === 1);
  });

  test.each([
    '',
    '0',
    '1',
    '-1',
    '+1',
    '0x1',
    '007',
    '! 1',
    '!!1',
    '1||0',
    '(1 || 0) && 1',
    '1 && 0 || 1',
    '!(1)',
    '!  (0)',
    'streq(a,a)',
    'streq("a b","a b")',
    'streq(a, a)',
    'streq(,)',
    'strneq(a,b)',
    'streq(a b,a b)',
    '((((1))))',
    'defined(X)',
    'defined(E)',
    'defined(NONE)',
    'defined()',
    'defined',
    'feature(nonsense)',
    '99999999999999999999',
    'foo',
    'defined(',
    'streq(a)',
    '1 &&',
    '&& 1',
    '(1',
    '1)',
    '12a',
    '!',
    '1 || foo',
    '0 && foo',
    '1 1',
    'defined (X)',
    'streq(a,b,c)',
    'streq(a\\,b,a\\,b)',
    "streq('a,b','a,b')",
    'streq(\\"a,b\\",\\"a,b\\")',
    '1 &| 1',
    'streq(a,a',
    '$X',
  ])('-cc %s', async (condition) => {
    const answer = evaluateCondition(condition, ENV);
    const code = 'problem' in answer ? 2 : answer.value ? 0 : 1;
    expect(code).toBe((await haproxy(['-cc', condition])).code);
  });
});
