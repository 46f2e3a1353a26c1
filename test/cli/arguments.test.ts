import { describe, expect, test } from 'vitest';
import { parseCommandLine, type Command, type CommandLine } from '../../core/cli/arguments.ts';

const parse = (text: string): Command => parseCommandLine(text.split(' ').filter((word) => word !== ''));
const run = (text: string): CommandLine => {
  const command = parse(text);
  if (command.kind !== 'run') throw new Error(`${text}: ${JSON.stringify(command)}`);
  return command.line;
};

describe('what is to be loaded', () => {
  test('-f and -- in their order; after -- all are files', () => {
    expect(run('-f a -f b -- c -d').files).toEqual(['a', 'b', 'c', '-d']);
  });

  test.each(['', '-c', '--', '-f', 'a.cfg', '-', '-c -n', '-z -f a', '-dyz -f a', '-dQ -f a', '-p', '-cc', '-fa.cfg'])(
    'usage for: sluice %s',
    (text) => expect(parse(text)).toEqual({ kind: 'usage' }),
  );
});

describe('flags', () => {
  test.each([
    ['-c -f a', { check: true }],
    ['-cV -f a', { check: true, verbose: false }],
    ['-Vc -f a', { check: false, verbose: true }],
    ['-q -V -f a', { quiet: true, verbose: true }],
    ['-d -f a', { debug: true }],
    ['-db -f a', { foreground: true, debug: false }],
    ['-dD -dW -f a', { diagnose: true, zeroWarning: true }],
    ['-D -f a', { daemon: true, masterWorker: false }],
    ['-W -f a', { masterWorker: true, systemd: false }],
    ['-Ws -f a', { masterWorker: true, systemd: true }],
    ['-n 10 -m 30 -f a', { maxconn: 10, memory: 30 }],
    ['-p /x -L me -C /y -f a', { pidfile: '/x', localPeer: 'me', directory: '/y' }],
    ['-sf 1 2 -st 3 -f a', { finish: [1, 2], terminate: [3] }],
    ['-sf -f a', { finish: [] }],
    ['-f a -sf', { finish: [] }],
    ['-x /dev/null -f a', { files: ['a'] }],
    ['-dKsmp,cnv -dKflt -f a', { dump: ['smp', 'cnv', 'flt'] }],
  ])('%s', (text, expected) => expect(run(text)).toMatchObject(expected));

  test.each([
    '-dF',
    '-dG',
    '-dI',
    '-dM',
    '-dM50,no-merge',
    '-dR',
    '-dS',
    '-dT',
    '-dZ',
    '-dc',
    '-de',
    '-dk',
    '-dp',
    '-dr',
    '-dv',
    '-4',
  ])('%s is accepted with a notice', (flag) => {
    expect(run(`${flag} -f a`).notices).toEqual([expect.stringContaining(`'${flag}' is accepted`)]);
  });
});

describe('what answers at once', () => {
  test.each([
    ['-v', { kind: 'version', full: false }],
    ['-vv', { kind: 'version', full: true }],
    ['-vq', { kind: 'version', full: false }],
    ['-c -f a -v', { kind: 'version', full: false }],
    ['-cc 1', { kind: 'condition', text: '1' }],
    ['-c -f a -cc defined(X)', { kind: 'condition', text: 'defined(X)' }],
  ])('%s', (text, command) => expect(parse(text)).toEqual(command));
});

describe('what is refused by name', () => {
  test.each([
    ['-S /tmp/x -f a', `'-S': the master's own command socket is not built yet.`],
    ['-x /tmp/x -f a', `'-x /tmp/x': a running process cannot hand over its listening sockets`],
    ['-dL -f a', `'-dL': listing shared libraries is not built yet.`],
    ['-dC -f a', `'-dC': dumping the configuration is not built yet.`],
    ['-dth1:1 -f a', `'-dth1:1': traces are not built yet.`],
    ['-dV -f a', `'-dV': TLS towards servers is not built yet.`],
    ['-N 20 -f a', `'-N': a default for the proxies' maxconn is not built yet.`],
    ['-n many -f a', `'-n' expects a number, not 'many'.`],
    ['-sf 12x -f a', `-sf option: '12x' is not a process id.`],
    ['-st 0 -f a', `-st option: '0' is not a process id.`],
  ])('%s', (text, message) => {
    expect(parse(text)).toEqual({ kind: 'refused', message: expect.stringContaining(message) as string });
  });
});
