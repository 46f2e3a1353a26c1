import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError, createProxy, type Diagnostic } from '../../core/index.ts';
import { missing, title } from '../support/which.ts';

const LISTEN = `listen l
  bind 127.0.0.1:0
  timeout client 1s
  timeout server 1s
  timeout connect 1s
`;

/** What is said of a configuration, and whether it is refused. */
async function judged(text: string): Promise<{ readonly refused: boolean; readonly said: string[] }> {
  const diagnostics: Diagnostic[] = [];
  const told = (severity: string): boolean => severity === 'alert' || severity === 'warning';
  const said = (): string[] => [
    ...new Set(
      diagnostics
        .filter(({ severity, line }) => told(severity) && line !== undefined)
        .map(({ severity, line, message }) => `${severity} ${line}: ${message}`),
    ),
  ];
  try {
    const proxy = await createProxy({
      config: { name: 'c.cfg', text: `defaults\n  mode http\n${text}` },
    });
    diagnostics.push(...proxy.diagnostics);
    await proxy.stop();
    return { refused: false, said: said() };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    diagnostics.push(...error.diagnostics);
    return { refused: true, said: said() };
  }
}

const CACHE = 'cache c\n  total-max-size 4\n';
const absent = missing('haproxy');
const folder = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whether HAProxy refuses it, too; undefined where it is not installed. */
function refusedByHaproxy(text: string): boolean | undefined {
  if (absent.length > 0) return undefined;
  const file = join(folder, 'c.cfg');
  writeFileSync(file, `defaults\n  mode http\n${text.replaceAll('127.0.0.1:0', '127.0.0.1:9')}`);
  return spawnSync('haproxy', ['-c', '-f', file]).status !== 0;
}

describe(title('words that HAProxy has', absent), () => {
  test.each<[string, string, string | undefined]>([
    [
      'a whole section',
      `${CACHE}  max-age 10\n  max-object-size 2097152\n  process-vary on\n  max-secondary-entries 3\n${LISTEN}`,
      undefined,
    ],
    ['no name', `cache\n  total-max-size 4\n${LISTEN}`, "'cache' expects <name>"],
    ['two names', `cache a b\n  total-max-size 4\n${LISTEN}`, "'cache' cannot handle unexpected argument 'b'."],
    ['no size', `cache c\n${LISTEN}`, "Size not specified for cache 'c'"],
    ['a second one', `${CACHE}${CACHE}${LISTEN}`, "Duplicate cache name 'c'."],
    ['no size at all', `cache c\n  total-max-size 0\n${LISTEN}`, "Size not specified for cache 'c'"],
    ['a size that is no number', `cache c\n  total-max-size x\n${LISTEN}`, "total-max-size wrong value 'x'"],
    ['a size with a unit', `cache c\n  total-max-size 4k\n${LISTEN}`, "total-max-size wrong value '4k'"],
    ['a negative size', `cache c\n  total-max-size -1\n${LISTEN}`, "total-max-size wrong value '-1'"],
    ['too large', `cache c\n  total-max-size 4096\n${LISTEN}`, '"total-max-size" (4096) must not be greater than 4095'],
    ['the largest', `cache c\n  total-max-size 4095\n${LISTEN}`, undefined],
    [
      'a word left over',
      `cache c\n  total-max-size 4 5\n${LISTEN}`,
      "'total-max-size' cannot handle unexpected argument '5'.",
    ],
    [
      'an object above half',
      `${CACHE}  max-object-size 2097153\n${LISTEN}`,
      '"max-object-size" is limited to an half of "total-max-size" => 2097152',
    ],
    [
      'an object above half, before the size',
      `cache c\n  max-object-size 2097153\n  total-max-size 4\n${LISTEN}`,
      '"max-object-size" is limited to an half of "total-max-size" => 2097152',
    ],
    ['an object size with a unit', `${CACHE}  max-object-size 2m\n${LISTEN}`, "max-object-size wrong value '2m'"],
    [
      'no object size',
      `${CACHE}  max-object-size\n${LISTEN}`,
      "'max-object-size' expects a maximum file size parameter in bytes.",
    ],
    ['no entries', `${CACHE}  max-secondary-entries 0\n${LISTEN}`, "max-secondary-entries wrong value '0'"],
    [
      'entries that are no number',
      `${CACHE}  max-secondary-entries x\n${LISTEN}`,
      "max-secondary-entries wrong value 'x'",
    ],
    [
      'nothing of entries',
      `${CACHE}  max-secondary-entries\n${LISTEN}`,
      "'max-secondary-entries' expects a strictly positive number.",
    ],
    [
      'an unknown word',
      `${CACHE}  max-agee 10\n${LISTEN}`,
      "unknown keyword 'max-agee' in 'cache' section; did you mean 'max-age' maybe ?",
    ],
    ['process-vary that is neither', `${CACHE}  process-vary yes\n${LISTEN}`, undefined],
    ['cache-use without a name', `${CACHE}${LISTEN}  http-request cache-use\n`, 'expects a cache name.'],
    [
      'cache-use of a cache there is not',
      `${CACHE}${LISTEN}  http-request cache-use d\n`,
      "unable to find the cache 'd' referenced by the filter 'cache'.",
    ],
    [
      'cache-use with a word left over',
      `${CACHE}${LISTEN}  http-request cache-use c d\n`,
      "'http-request cache-use' expects either 'if' or 'unless' followed by a condition but found 'd'.",
    ],
    ['cache-use with a condition', `${CACHE}${LISTEN}  http-request cache-use c if TRUE\n`, undefined],
    ['cache-store without a name', `${CACHE}${LISTEN}  http-response cache-store\n`, 'expects a cache name.'],
    [
      'cache-store of a cache there is not',
      `${CACHE}${LISTEN}  http-response cache-store d\n`,
      "unable to find the cache 'd'",
    ],
    ['cache-store too late', `${CACHE}${LISTEN}  http-after-response cache-store c\n`, "but got 'cache-store'"],
    ['the section behind its use', `${LISTEN}  http-request cache-use c\n${CACHE}`, undefined],
    ['filter without a name', `${CACHE}${LISTEN}  filter cache\n`, 'cache : expects a <name> argument'],
    ['filter of a cache there is not', `${CACHE}${LISTEN}  filter cache d\n`, "unable to find the cache 'd'"],
    ['filter with a word left over', `${CACHE}${LISTEN}  filter cache c x\n`, "'x'"],
    [
      'filter twice',
      `${CACHE}${LISTEN}  filter cache c\n  filter cache c\n`,
      "l: multiple explicit declarations of the cache filter 'c'",
    ],
    [
      'filter and rules',
      `${CACHE}${LISTEN}  filter cache c\n  http-request cache-use c\n  http-response cache-store c\n`,
      undefined,
    ],
  ])('%s', async (_, text, message) => {
    const { refused, said } = await judged(text);
    if (message === undefined) expect([refused, said.filter((one) => one.startsWith('alert'))]).toEqual([false, []]);
    else expect(said.join('\n')).toContain(message);
    expect(refused).toBe(message !== undefined);
    const theirs = refusedByHaproxy(text);
    if (theirs !== undefined) expect(theirs, 'HAProxy').toBe(refused);
  });

  test('process-vary that is neither is warned of, and means nothing', async () => {
    const { said } = await judged(`${CACHE}  process-vary yes\n${LISTEN}`);
    expect(said).toEqual(['warning 5: \'process-vary\' expects "on" or "off" (enable or disable vary processing).']);
  });
});

describe('words that are new', () => {
  test.each<[string, string]>([
    ['early-hints maybe', "unknown on, off or only 'maybe'"],
    ['early-hints on ratio 0', 'must be between 1 and 99'],
    ['early-hints on ratio', "'early-hints' expects a percentage"],
    ['early-hints on 5', "cannot handle unexpected argument '5'"],
    ['max-age soon', "'max-age' expects an age parameter in seconds, got 'soon'"],
    ['rfc9111 yes', "'yes'"],
    ['rfc9111 on off', "cannot handle unexpected argument 'off'"],
    ['coalesce 5s', "'coalesce' has no effect without 'rfc9111 on'"],
    ['grace 5', "'grace' has no effect without 'rfc9111 on'"],
    ['rfc9111 on\n  coalesce soon', "unexpected character 's' in 'coalesce'"],
    ['rfc9111 on\n  coalesce 0', 'must be at least 1'],
    ['rfc9111 on\n  heuristic 0', 'must be between 1 and 100'],
    ['rfc9111 on\n  heuristic', "'heuristic' expects a percentage, or off"],
    ['rfc9111 on\n  stale-if-error x', "'stale-if-error' expects a number of seconds, got 'x'"],
    ['rfc9111 on\n  set-cookie no', "'no'"],
    ['rfc9111 on\n  request-cookies no', "'no'"],
    ['rfc9111 on\n  client-cache-control no', "'no'"],
    ['rfc9111 on\n  targets a:b', "'a:b' is no name of a header field"],
    ['rfc9111 on\n  tags', "'tags' expects a header field's name, or none"],
    ['rfc9111 on\n  tags none x', "cannot handle unexpected argument 'x'"],
    ['rfc9111 on\n  cache-status 9a', 'is no token (RFC 8941)'],
    ['rfc9111 on\n  cache-statuss me', "did you mean 'cache-status' maybe ?"],
  ])('%s', async (lines, message) => {
    const { refused, said } = await judged(`${CACHE}  ${lines}\n${LISTEN}`);
    expect(said.join('\n')).toContain(message);
    expect(refused).toBe(true);
  });

  test('all of them together', async () => {
    const lines = [
      'rfc9111 on',
      'heuristic 20 max 3600',
      'stale-while-revalidate 5',
      'stale-if-error 60',
      'grace 3600',
      'coalesce 2s',
      'pass-time 10',
      'client-cache-control honor',
      'request-cookies use',
      'set-cookie explicit',
      'targets cdn-cache-control',
      'tags surrogate-key xkey',
      'cache-status me',
      'ranges on',
      'early-hints on ratio 10',
    ];
    const rules =
      '  http-request cache-purge c tag %[req.fhdr(x)] if { method PURGE }\n  http-request cache-use c no-early-hints\n';
    expect(await judged(`${CACHE}  ${lines.join('\n  ')}\n${LISTEN}${rules}`)).toEqual({ refused: false, said: [] });
  });

  test('cache-purge', async () => {
    const of = async (rule: string): Promise<string> =>
      (await judged(`${CACHE}${LISTEN}  http-request ${rule}\n`)).said.join('\n');
    expect(await of('cache-purge')).toContain("'http-request cache-purge' expects a cache name");
    expect(await of('cache-purge d')).toContain("unable to find the cache 'd'");
    expect(await of('cache-purge c tag')).toContain('a log-format string that gives tags');
    expect(await of('cache-purge c all')).toContain("'all'");
  });
});
