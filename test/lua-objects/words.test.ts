import { describe, expect, test } from 'vitest';
import { ConfigurationError, createProxy } from '../../core/index.ts';

/** Where and why a configuration is refused. */
async function refusals(config: string): Promise<string[]> {
  try {
    const proxy = await createProxy({ config });
    await proxy.stop();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.diagnostics
      .filter(({ severity, line }) => severity === 'alert' && line !== undefined)
      .map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

describe('Words for objects of Lua', () => {
  test('httpclient words', async () => {
    expect(
      await refusals(`global
 httpclient.resolvers.prefer ipv4
 httpclient.resolvers.disabled on
 httpclient.retries 2
 httpclient.ssl.ca-file @system-ca
 httpclient.ssl.verify none
 httpclient.timeout.connect 2s
`),
    ).toEqual([]);
  });

  test('httpclient words that are wrong, and a filter that nobody registered', async () => {
    expect(
      await refusals(`global
 httpclient.resolvers.id foo
 httpclient.resolvers.prefer ipv5
 httpclient.resolvers.disabled maybe
 httpclient.retries abc
 httpclient.ssl.ca-file /no/such
 httpclient.ssl.verify maybe
 httpclient.timeout.connect
frontend f
 bind 127.0.0.1:0
 mode http
 timeout client 1s
 filter lua.nosuch
`),
    ).toMatchInlineSnapshot(`
      [
        "2:26 there are no resolvers sections yet, and so no 'foo': names are looked up as the system does it",
        "3:30 unknown family 'ipv5', expected 'ipv4' or 'ipv6'; did you mean 'ipv4' maybe ?",
        "4:32 unknown choice 'maybe', expected 'on' or 'off'",
        "5:21 'httpclient.retries' expects a number, got 'abc'",
        "6:25 unable to load CA file '/no/such'",
        "7:24 unknown choice 'maybe', expected 'none' or 'required'",
        "8:2 'httpclient.timeout.connect' expects a timeout",
        "13:9 unknown Lua filter 'lua.nosuch'",
      ]
    `);
  });
});
