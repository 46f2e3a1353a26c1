import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULTS, file, folder, masked, run } from './support.ts';

const LISTENING = `${DEFAULTS}frontend f\n  bind 127.0.0.1:65001\n  monitor-uri /x\n`;
const WARNED = `frontend f\n  mode http\n  bind 127.0.0.1:65001\n`;

const first = (text: string): string | undefined => /parsing \[[^\]]*\] : unknown keyword 'bindx'/.exec(text)?.[0];

describe('-c, beside HAProxy', () => {
  test.each([
    ['valid', LISTENING, ['-c', '-V']],
    ['quiet', LISTENING, ['-c', '-q']],
    ['a warning', WARNED, ['-c', '-V']],
    ['a warning, quiet', WARNED, ['-c', '-q']],
    ['a warning that counts', WARNED, ['-c', '-dW']],
    ['a warning that counts, by the word', `global\n zero-warning\n${WARNED}`, ['-c']],
    ['no listener', DEFAULTS, ['-c']],
    ['no listener, quiet', DEFAULTS, ['-c', '-q']],
    ['a wrong word, quiet', `${LISTENING}  bindx\n`, ['-c', '-q']],
  ])('%s', async (_name, text, args) => {
    const path = file(text);
    const ours = await run([...args, '-f', path]);
    const theirs = await run([...args, '-f', path], 'haproxy');
    expect(ours.exit).toBe(theirs.exit);
    expect(ours.stdout).toBe(theirs.stdout);
    expect(masked(ours.stderr)).toBe(masked(theirs.stderr));
  });

  test('a wrong word has the same exit code and the same place', async () => {
    const path = file(`${LISTENING}  bindx\n`);
    const [ours, theirs] = [await run(['-c', '-f', path]), await run(['-c', '-f', path], 'haproxy')];
    expect(ours.exit).toBe(theirs.exit);
    expect(first(ours.stderr)).toBe(first(theirs.stderr));
    expect(ours.stderr).toContain(': config : Fatal errors found in configuration.');
  });
});

describe('-c by itself', () => {
  // HAProxy 2.6 says so without being asked; management.txt of 3.5: only with -V.
  test('says nothing when all is well', async () => {
    const { exit, stdout, stderr } = await run(['-c', '-f', file(LISTENING)]);
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: '', stderr: '' });
  });

  test('a folder: its .cfg files in the order of their names', async () => {
    const path = folder();
    mkdirSync(join(path, 'conf'));
    writeFileSync(join(path, 'conf', '2.cfg'), `frontend f\n  bind 127.0.0.1:65001\n  monitor-uri /x\n`);
    writeFileSync(join(path, 'conf', '1.cfg'), DEFAULTS);
    writeFileSync(join(path, 'conf', '.hidden.cfg'), 'nonsense');
    writeFileSync(join(path, 'conf', '3.txt'), 'nonsense');
    expect((await run(['-c', '-dW', '-f', join(path, 'conf')])).exit).toBe(0);
  });

  test('-C is where relative paths begin', async () => {
    const path = folder();
    writeFileSync(join(path, 'x.cfg'), LISTENING);
    expect((await run(['-C', path, '-c', '--', 'x.cfg'])).exit).toBe(0);
    const { exit, stderr } = await run(['-C', join(path, 'nowhere'), '-c', '-f', 'x.cfg']);
    expect(exit).toBe(1);
    expect(stderr).toContain(`Could not change to directory ${path}/nowhere`);
  });

  test('a file that is not there', async () => {
    const { exit, stderr } = await run(['-c', '-f', '/nowhere/x.cfg']);
    expect(exit).toBe(1);
    expect(stderr).toContain('/nowhere/x.cfg : No such file or directory');
  });
});

describe('what answers at once', () => {
  test('-v begins with what scripts cut the version from', async () => {
    const { exit, stdout } = await run(['-v']);
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^HAProxy version 3\.5-dev5-sluice \d{4}\/\d\d\/\d\d - https:\/\/\S+\nSluice version \d+\.\d+\.\d+/,
    );
  });

  test('-vv lists features', async () => {
    expect((await run(['-vv'])).stdout).toMatch(/^Feature list : .*[+-]OPENSSL/m);
  });

  test.each([
    ['1', 0],
    ['0', 1],
    ['version_atleast(3.0)', 0],
    ['version_atleast(3.6)', 1],
    ['streq("$HOME",nowhere)', 1],
    ['nonsense(', 2],
  ])(`-cc '%s' gives %i`, async (condition, code) => {
    expect((await run(['-cc', condition])).exit).toBe(code);
  });

  test('nothing to load: the version, the usage on stderr, exit code 1', async () => {
    for (const args of [[], ['-c'], ['-y']]) {
      const { exit, stdout, stderr } = await run(args);
      expect(exit).toBe(1);
      expect(stdout).toMatch(/^HAProxy version/);
      expect(stderr).toMatch(/^Usage : sluice/);
    }
  });

  test('no listener: exit code 1 without -c, as HAProxy', async () => {
    const path = file(DEFAULTS);
    const [ours, theirs] = [await run(['-f', path]), await run(['-f', path], 'haproxy')];
    expect(ours.exit).toBe(theirs.exit);
    expect(ours.stderr).toContain("No enabled listener found (check for 'bind' directives) ! Exiting.");
  });
});

const legend = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('#'));

const rows = (text: string): Map<string, string> =>
  new Map([...text.matchAll(/^(\[ [Y. ]+\]) ([^(:]+)/gm)].map(([, matrix, name]) => [name!, matrix!]));

describe('-dK', () => {
  test('lists the classes in the order asked for', async () => {
    const { stdout, exit } = await run(['-dKcnv,flt', '-dKsvc', '-q', '-c', '-f', file(LISTENING)]);
    expect(exit).toBe(0);
    expect(stdout.match(/^#.*$/gm)).toEqual([
      '# List of registered sample converter functions:',
      '# List of registered filter names:',
      '# List of registered service names:',
    ]);
  });

  test('the matrix of fetches has the columns of HAProxy', async () => {
    const { stdout } = await run(['-dKsmp', '-q', '-c', '-f', file(LISTENING)]);
    const theirs = (await run(['-dKsmp', '-q', '-c', '-f', file(LISTENING)], 'haproxy')).stdout;
    expect(legend(stdout)).toEqual(legend(theirs));
    for (const name of ['src', 'path', 'method']) {
      expect([name, rows(stdout).get(name)]).toEqual([name, rows(theirs).get(name)]);
    }
  });

  test('help lists the classes, and an unknown one is said to be none', async () => {
    const { stdout } = await run(['-dKhelp', '-q', '-c', '-f', file(LISTENING)]);
    expect(stdout).toMatch(/^# List of supported keyword classes:\nall: list all keywords\nacl: ACL keywords\ncfg: /);
    expect((await run(['-dKfoo', '-c', '-f', file(LISTENING)])).stderr).toContain(`'-dKfoo': unknown class`);
  });
});
