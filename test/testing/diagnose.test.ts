import { describe, expect, test } from 'vitest';
import { definePlugin } from 'sluice/plugin';
import { diagnose } from 'sluice/testing';

const GOOD = `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
frontend web
    bind :80
    default_backend app
backend app
    server s1 not.resolvable.invalid:80
`;

describe('diagnose', () => {
  test('a good configuration, without looking up names or binding anything', async () => {
    expect(await diagnose(GOOD)).toMatchObject({ refused: false, errors: [], warnings: [] });
  });

  test('looks up names if it is asked to', async () => {
    const { refused, errors } = await diagnose(GOOD, { lookUp: true });
    expect(refused).toBe(true);
    expect(errors).toMatchObject([
      { line: 11, message: "'server s1' : could not resolve address 'not.resolvable.invalid'." },
    ]);
  });

  test('errors and warnings, each with its place and once', async () => {
    const { refused, errors, warnings } = await diagnose({
      config: { name: 'web.cfg', text: `${GOOD}    bnd x\nfrontend open\n    bind :81\n    default_backend nowhere\n` },
    });
    expect(refused).toBe(true);
    expect(errors.map(({ file, line, column }) => [file, line, column])).toContainEqual(['web.cfg', 12, 5]);
    expect(errors.every(({ message }) => !message.startsWith('Fatal'))).toBe(true);
    expect(warnings).toEqual([]);
  });

  test('what a plugin refuses and warns of', async () => {
    const picky = definePlugin({
      name: 'picky',
      api: 1,
      setup({ proxies, warn }) {
        if (proxies.length > 2) throw new Error('too many proxies');
        warn('few proxies');
      },
    });
    expect(await diagnose(GOOD, { plugins: [picky] })).toMatchObject({
      refused: false,
      warnings: [{ message: 'config : few proxies' }],
    });
    const { errors } = await diagnose(`${GOOD}backend more\n`, { plugins: [picky] });
    expect(errors).toMatchObject([{ message: "plugin 'picky' failed in setup: too many proxies" }]);
  });
});
