import { describe, expect, it } from 'vitest';
import { load } from '../words/load.ts';

/** What is said of the lines of a frontend. */
async function said(...lines: string[]): Promise<string[]> {
  const { diagnostics } = await load(
    `frontend f\n bind :80\n timeout client 1s\n${lines.map((line) => ` ${line}\n`).join('')}`,
  );
  return diagnostics
    .filter(({ line, severity }) => line !== undefined && severity === 'alert')
    .map(({ message }) => message);
}

describe('filter lines', () => {
  it('that are good are taken', async () => {
    expect(
      await said(
        'mode http',
        'filter trace name a quiet random-forwarding max-fwd 100 hexdump',
        'filter bwlim-out slow default-limit 1m default-period 1s min-size 2896',
        'filter bwlim-in in default-limit 1m default-period 10s',
        'filter-sequence request bwlim-in,trace',
        'filter-sequence response bwlim-out',
        'tcp-request content set-bandwidth-limit in',
        'http-request set-bandwidth-limit slow limit 100k period 10s if { path / }',
        'http-response set-bandwidth-limit slow limit int(10) period int(10)',
      ),
    ).toEqual([]);
  });

  for (const [line, message] of [
    ['filter', "'filter' expects a filter"],
    ['filter nonsense', "unknown filter 'nonsense'"],
    ['filter tracee', "did you mean 'trace' maybe"],
    ['filter trace foo', "'foo'"],
    ['filter trace name', "'filter trace' expects a name"],
    ['filter trace max-fwd x', "'filter trace'"],
    ['filter spoe engine x config y', 'Cannot open configuration file y : No such file or directory'],
    ['filter fcgi-app x', "'fcgi-app' is not built yet"],
    ['filter opentracing', "'opentracing' is not built yet"],
    ['filter bwlim-out', 'expects a name'],
    ['filter bwlim-out a', "needs 'default-limit' and 'default-period'"],
    ['filter bwlim-out a default-limit 1m', "needs 'default-limit' and 'default-period'"],
    ['filter bwlim-out a default-limit 0 default-period 1s', 'value must be at least 1'],
    ['filter bwlim-out a limit 1m key src table t', 'stick tables, which are not built yet'],
    ['filter bwlim-out a default-limit 1m default-period 1s foo', "'foo'"],
    ['filter-sequence', "expects 'request' or 'response'"],
    ['filter-sequence both trace', "'both'"],
    ['filter-sequence request a,,b', 'a name is missing'],
    ['filter-sequence request a,a', 'is listed twice'],
    ['filter-sequence request comp-req', "no filter 'comp-req' in frontend 'f', which has none"],
    ['http-request set-bandwidth-limit', 'expects the name of a bandwidth limit'],
    ['http-request set-bandwidth-limit nobody', "no 'filter bwlim-in' or 'bwlim-out' of the name 'nobody'"],
    ['http-request set-bandwidth-limit x limit', 'missing fetch method'],
    ['http-request set-bandwidth-limit x period 0', 'value must be at least 1 ms'],
    ['http-request set-bandwidth-limit x speed 1', "'speed'"],
    ['http-after-response set-bandwidth-limit x', 'set-bandwidth-limit'],
  ] as const) {
    it(`'${line}' is refused`, async () => {
      const messages = await said('mode http', line);
      expect(messages.join('\n')).toContain(message);
    });
  }

  it('of the same limit twice are refused', async () => {
    const line = 'default-limit 1m default-period 1s';
    expect(await said('mode http', `filter bwlim-out a ${line}`, `filter bwlim-in a ${line}`)).toEqual([
      expect.stringContaining("the bandwidth limit 'a' is declared twice"),
    ]);
  });
});
