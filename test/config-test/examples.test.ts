import { expect, test, vi } from 'vitest';
import { missing } from '../support/which.ts';
import { runTest } from './project.ts';

// Whole programs are run, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

const absent = missing('haproxy');

test('the examples hold, and make nearly everything true', async () => {
  const { code, text } = await runTest(['examples/config-tests', '--coverage-threshold=90']);
  expect(text).not.toContain('×');
  expect(code).toBe(0);
});

test.skipIf(absent.length > 0)(
  `HAProxy does the same${absent.length > 0 ? ' (skipped: haproxy not installed)' : ''}`,
  async () => {
    const { code, text } = await runTest(['examples/config-tests', '--against=sluice,haproxy']);
    expect(text).not.toContain('×');
    expect(code).toBe(0);
  },
  60_000,
);
