import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../core/config/index.ts';
import { createCompiler } from '../../core/expression/index.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';

/** What is said about one line in a frontend, without the closing lines. */
async function said(line: string, section = 'frontend f\n  bind 127.0.0.1:65001\n'): Promise<string[]> {
  const text = `defaults\n  mode http\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n${section}  ${line}\n`;
  const { diagnostics } = await loadConfig({
    sources: [{ name: 'x', text }],
    env: {},
    plugins: stockPlugins,
    compilerFor: createCompiler,
  });
  return diagnostics.filter(({ file }) => file !== undefined).map(({ severity, message }) => `${severity}: ${message}`);
}

describe('log lines that are right', () => {
  test.each([
    'log 127.0.0.1 local0',
    'log 127.0.0.1:514 local0 notice',
    'log [::1]:514 user debug err',
    'log ::1:514 user',
    'log udp@127.0.0.1:514 user',
    'log ipv6@[::1] user',
    'log localhost daemon',
    'log /dev/log local0',
    'log unix@/dev/log local0',
    'log abns@name local0',
    'log stdout format raw daemon',
    'log stderr len 65535 format rfc5424 kern emerg emerg',
    'log fd@5 user',
    'log stdout sample 1-2,4:5 user',
    'log stdout sample 1:1 format short len 80 user',
    'log tcp@127.0.0.1 local0',
    'log tcp6@[::1]:514 len 2048 format rfc5424 local0',
    'log uxst@/run/log local0',
    'log global',
    'no log',
    'option httplog',
    'option httplog clf',
    'option tcplog',
    'option dontlog-normal',
    'no option logasap',
    'log-tag x',
    'log-format "%ci %ST"',
    'log-format-sd "[a b=\\"%ST\\"]"',
    'error-log-format "%ci"',
  ])('%s', async (line) => expect(await said(line)).toEqual([]));

  test.each(['log 127.0.0.1 local0', 'log-send-hostname', 'log-send-hostname x', 'log-tag x', 'no log'])(
    'in global: %s',
    async (line) => expect(await said(line, 'global\n')).toEqual([]),
  );
});

describe('log lines that are wrong', () => {
  test.each([
    ['log', 'expects <address> and <facility> or global as arguments'],
    ['log 127.0.0.1', 'expects <address> and <facility> or global as arguments'],
    ['log 127.0.0.1 local9', 'local9'],
    ['log 127.0.0.1 local0 foo', 'foo'],
    ['log 127.0.0.1 local0 info foo', 'foo'],
    ['log 127.0.0.1 local0 info info x', 'x'],
    ['log 127.0.0.1 len 10 local0', '10'],
    ['log 127.0.0.1 len 65536 local0', '65536'],
    ['log 127.0.0.1 format x local0', 'x'],
    ['log 127.0.0.1 sample 1:x local0', `wrong sample size 'x' for sample range '1'`],
    ['log 127.0.0.1 sample 0-1:2 local0', `wrong sample range '0-1'`],
    ['log 127.0.0.1 sample 2-1:3 local0', `wrong sample range '2-1'`],
    ['log 127.0.0.1 sample 1-3:2 local0', 'sample size 2 should be greater or equal to 3'],
    ['log 127.0.0.1 sample 1,1:3 local0', 'ranges are overlapping'],
    ['log 127.0.0.1:xx local0', `invalid character 'x' in port number 'xx'`],
    ['log 127.0.0.1:65536 local0', `invalid port '65536'`],
    ['log fd@x local0', `file descriptor 'x' is not a valid integer in 'fd@x'`],
    ['log nonsense@x local0', `invalid address: 'nonsense@x'`],
    ['log ring@x local0', `there is no ring 'x'`],
    ['log ring@ local0', `missing ring name in 'ring@'`],
    ['log backend@x local0', 'logging to a log backend is not built yet'],
    ['log sockpair@3 local0', 'logging to a socket pair is not built yet'],
    ['log stdout profile p local0', `there is no log-profile 'p'`],
    ['log-steps open', `open`],
    ['log-steps accept,', `unknown logging step 'accept,'`],
    ['http-request do-log profile p', `there is no log-profile 'p'`],
    ['http-request do-log p', `expects either 'if' or 'unless'`],
    ['no log x', `'no log' does not expect arguments`],
    ['option httplog x', 'x'],
    ['log-format', 'a log-format string'],
    ['log-format a b', 'b'],
  ])('%s', async (line, message) => {
    const diagnostics = await said(line);
    expect(diagnostics).toEqual([expect.stringMatching(/^alert: /)]);
    expect(diagnostics[0]).toContain(message);
  });

  test.each([
    ['log-format "%ci %Ta"', `format alias 'Ta' is reserved for HTTP mode`],
    ['log-format-sd "[a b=%r]"', `format alias 'r' is reserved for HTTP mode`],
    ['error-log-format %trg', `format alias 'trg' is reserved for HTTP mode`],
  ])('in TCP mode: %s', async (line, message) => {
    const [first = ''] = await said(`mode tcp\n  ${line}`);
    expect(first).toContain(message);
  });

  test.each([
    ['ring r\n  maxlen 20000', `ring 'r' event max length '20000' exceeds size, forced to size '16384'`],
    ['ring r\n  size 1000', `ignoring new size '1000' that is smaller than current size '16384' for ring 'r'`],
    ['ring r\n  backing-file /x', `'backing-file' is not built`],
    ['ring r\n  server s 127.0.0.1', `missing port number in '127.0.0.1'`],
    ['ring r\n  server s 127.0.0.1:1 log-proto x', `octet-count`],
    ['ring r\n  server s 127.0.0.1:1 ssl', `'ssl' is not built for the servers of a ring`],
    ['ring r\n  timeout client 1s', `client`],
    ['ring r\n  formt raw', `unknown keyword 'formt' in 'ring' section; did you mean 'format' maybe ?`],
    ['log-profile p\n  on closed drop', `closed`],
    ['log-profile p\n  on close', `'on close' expects 'drop', 'format' or 'sd'`],
    ['log-profile p\n  on close format %[nope]', `nope`],
    ['log-profile p\n  on close frmt x', `frmt`],
  ])('in a section of its own: %s', async (lines, message) => {
    const [first = ''] = await said('', `${lines}\n`);
    expect(first).toContain(message);
  });

  test('option httplog in TCP mode falls back, with a warning', async () => {
    expect(await said('log stdout user\n  mode tcp\n  option httplog')).toEqual([
      `warning: 'option httplog' not usable with proxy 'f' (needs 'mode http'). Falling back to 'option tcplog'.`,
    ]);
  });
});
