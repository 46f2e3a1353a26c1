import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { missing, title } from '../../support/which.ts';
import { load, said } from '../../words/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const section = (name: string, own: readonly string[]): string[] => [name, ...own.map((line) => `  ${line}`)];

function configuration(lines: readonly string[], global: readonly string[]): string[] {
  return [
    ...section('global', global),
    ...section('defaults', ['timeout connect 1s', 'timeout client 1s', 'timeout server 1s']),
    ...section('listen up', ['bind 127.0.0.1:8099']),
    ...section('backend b', [...lines, 'server s 127.0.0.1:9']),
  ];
}

/** What is said of lines in a backend: `alert: …`, `warning: …`, in the order of the lines. */
async function ours(lines: readonly string[], global: readonly string[] = []): Promise<string[]> {
  const messages = said(await load(...configuration(lines, global)));
  return messages.filter((message) => !message.startsWith('notice'));
}

function theirs(lines: readonly string[]): string[] {
  const file = join(folder, 'test.cfg');
  writeFileSync(file, `${configuration(lines, []).join('\n')}\n`);
  const { stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'latin1' });
  return stderr
    .split('\n')
    .filter((line) => /^\[(?:ALERT|WARNING)\]/.test(line) && !/Error\(s\) found|Fatal errors/.test(line))
    .map((line) => {
      const [, severity, words] =
        /^\[(\w+)\] *\(\d+\) : (?:config : )?(?:parsing \[[^\]]*\] ?: )?(.*)$/.exec(line) ?? [];
      return `${severity!.toLowerCase()}: ${words}`;
    });
}

const refusal = async (line: string): Promise<string | undefined> => (await ours([line]))[0];

const REFUSED: readonly (readonly [line: string, words: string])[] = [
  ['option tcp-check x', "'option tcp-check' cannot handle unexpected argument 'x'."],
  ['option redis-check y', "'option redis-check' cannot handle unexpected argument 'y'."],
  ['no option httpchk', "negation/default is not supported for option 'httpchk'."],
  ['tcp-check send', "'tcp-check send' : 'string' expects a send as argument."],
  ['tcp-check send x y', "'tcp-check send' : expects 'comment' but got 'y' as argument."],
  [
    'tcp-check send-binary zz',
    "'tcp-check send-binary' : 'zz' invalid binary string (an hex digit is expected (found 'z')).",
  ],
  ['tcp-check expect', "'tcp-check expect' : expects at least a matching pattern as arguments."],
  ['tcp-check expect string', "'tcp-check expect' : 'string' expects a <pattern> as argument."],
  [
    'tcp-check expect min-recv -2 string a',
    "'tcp-check expect' : 'min-recv' expects -1 or an integer from 0 to INT_MAX.",
  ],
  ['tcp-check expect min-recv 3', "'tcp-check expect' : pattern not found."],
  [
    'tcp-check expect ok-status L7RSP string a',
    "'tcp-check expect' : 'ok-status' only supports 'L4OK', 'L6OK', 'L7OK' or 'L7OKC' status (got 'L7RSP').",
  ],
  [
    'tcp-check connect port 70000',
    "'tcp-check connect' : expects a valid TCP port (from range 1 to 65535) or a sample expression, got 70000.",
  ],
  [
    'http-check send foo',
    "'http-check send' : expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got 'foo' as argument.",
  ],
  ['http-check send hdr a', "'http-check send' : 'hdr' expects <name> and <value> as arguments."],
  ['http-check disable-on-404 x', "'http-check' cannot handle unexpected argument 'x'."],
  ['http-check expect status 200-100', "'http-check expect' : invalid range of status codes '200-100'."],
  ['http-check expect status abc', "'http-check expect' : invalid character 'a' in the list of status codes."],
  [
    'http-check expect hdr name -m int x',
    "'http-check expect' : 'hdr' : '-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got 'int').",
  ],
  [
    'http-check expect hdr name-lf -m reg x',
    "'http-check expect' : 'hdr': log-format string is not supported with a regex matching method.",
  ],
  ['option mysql-check foo', "'option mysql-check' only supports optional values: 'user' (got 'foo')."],
  ['option mysql-check user', "'option mysql-check user' expects <username> as argument."],
  ['option pgsql-check', "'option pgsql-check' expects 'user <username>' as argument."],
  ['option smtpchk HELO a b', "'option smtpchk' cannot handle unexpected argument 'b'."],
  ['external-check foo', "'external-check' only supports 'command' and 'path'. but got 'foo'."],
];

/** Refused by us alone: not built, or words that HAProxy reads and forgets. */
const OURS: readonly (readonly [line: string, words: string])[] = [
  ['tcp-check connect ssl', "'tcp-check connect' : 'ssl' is not built yet: there is no TLS."],
  ['tcp-check connect via-socks4', "'tcp-check connect' : 'via-socks4' is not built yet."],
  ['http-check connect proto h2', "'http-check connect' : 'proto h2' is not built yet."],
  ['tcp-check unset-var(check.a) b', "'tcp-check' cannot handle unexpected argument 'b'."],
  ['option grpc-check a b', "'option grpc-check' cannot handle unexpected argument 'b'."],
];

/** Lines that HAProxy takes, too: whether anything is said of them. */
const TAKEN: readonly (readonly string[])[] = [
  ['option tcp-check', 'tcp-check expect ! ! string a'],
  ['option httpchk', 'http-check expect status 200,,201'],
  ['option httpchk', 'http-check send ver foo meth "G T"'],
  ['option httpchk', 'http-check connect', 'http-check set-var(check.a) int(1)'],
  ['tcp-check send a', 'option tcp-check'],
  ['option httpchk', 'http-check connect', 'option tcp-check', 'option httpchk'],
  ['http-check send-state'],
  ['option smtpchk HELO'],
];

/** Lines that are read, and of which both say that they do nothing. */
const WARNED: readonly (readonly [lines: readonly string[], words: string])[] = [
  [['tcp-check send a'], "backend 'b' uses tcp-check rules without 'option tcp-check', so the rules are ignored."],
  [
    ['option tcp-check', 'http-check expect status 200'],
    "backend 'b' uses http-check rules without 'option httpchk', so the rules are ignored.",
  ],
  [
    ['option redis-check', 'http-check disable-on-404'],
    "'disable-on-404' will be ignored for backend 'b' (requires 'option httpchk').",
  ],
  [
    [String.raw`option httpchk GET / "HTTP/1.1\r\nHost: x"`],
    "'option httpchk' : hiding headers or body at the end of the version string is deprecated. " +
      "Please, consider to use 'http-check send' directive instead.",
  ],
];

/** Several lines of which the last cannot stand where it does. */
const ORDER: readonly (readonly string[])[] = [
  ['option tcp-check', 'tcp-check send a', 'tcp-check connect'],
  ['option httpchk', 'http-check connect', 'http-check connect'],
  ['option httpchk', 'http-check connect', 'http-check expect status 200'],
  ['option httpchk', 'http-check connect', 'http-check send meth GET', 'http-check send meth GET'],
  ['option httpchk', 'http-check expect status 200', 'http-check connect'],
];

describe('words of health checks', () => {
  test.each(REFUSED)('%s', async (line, words) => {
    expect(await refusal(line)).toBe(`alert: ${words}`);
  });
  test.each(OURS)('%s', async (line, words) => {
    expect(await refusal(line)).toBe(`alert: ${words}`);
  });
  test.each(TAKEN)('%s', async (...lines) => {
    expect(await ours(lines)).toEqual([]);
  });
  test.each(WARNED)('%j', async (lines, words) => {
    expect(await ours(lines)).toEqual([`warning: ${words}`]);
  });
  test.each(ORDER)('%s', async (...lines) => {
    expect((await ours(lines))[0]).toMatch(/first step MUST also be a 'connect'|unable to add http-check/);
  });
  test('external-check wants what it needs', async () => {
    const lines = ['option external-check', 'external-check command true'];
    const needs = async (global: string[], more: string[] = []): Promise<string | undefined> =>
      (await ours([...lines, ...more], global))[0];
    const path = ['external-check path /bin'];
    expect(await needs([])).toMatch(/^alert: .*unable to find required 'global\.external-check'\./);
    expect(await needs(['external-check'])).toMatch(
      /does not have a leading '\/' and 'external-check path' is not set\./,
    );
    expect(await needs(['external-check'], path)).toMatch(/^warning: .*'insecure-fork-wanted' not enabled/);
    expect(await needs(['external-check', 'insecure-fork-wanted'], path)).toBeUndefined();
    const [without] = await ours(['option external-check'], ['external-check']);
    expect(without).toMatch(/unable to find required 'external-check command'\./);
  });
});

const absent = missing('haproxy');
describe.skipIf(absent.length > 0)(title('words of health checks, as HAProxy reads them', absent), () => {
  test('what is refused', () => {
    // Dots at the end are not always one.
    const bare = (text: string | undefined): string | undefined => text?.replace(/\.+$/, '');
    for (const [line, words] of REFUSED) expect(bare(theirs([line])[0]), line).toBe(bare(`alert: ${words}`));
    for (const lines of ORDER) expect(theirs(lines)[0], lines.join()).toMatch(/^alert/);
  }, 60_000);
  test('what is taken', () => {
    for (const lines of TAKEN) expect(theirs(lines), lines.join()).toEqual([]);
    for (const [lines, words] of WARNED) {
      const [warning] = theirs(lines);
      expect(warning, lines.join()).toBe(`warning: ${words}`);
    }
  }, 60_000);
});
