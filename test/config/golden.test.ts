import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dumpConfig, loadConfig, locateDiagnostic } from '../../core/config/index.ts';
import { readCase, type Case } from './cfgtest.ts';
import { stubCompiler } from './stub-compiler.ts';
import { testWords } from './words.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.cfgtest'))
  .toSorted();

/** What was said about the configuration, and, if it can be run, what was understood. */
async function outcome(golden: Case): Promise<string> {
  const loaded = await loadConfig({
    sources: golden.sources,
    env: golden.env,
    plugins: [testWords],
    compilerFor: () => stubCompiler,
  });
  const said = loaded.diagnostics.map((diagnostic) => `[${diagnostic.severity}] ${locateDiagnostic(diagnostic)}\n`);
  const text = said.join('') + (loaded.failed ? '' : dumpConfig(loaded));
  return Buffer.from(text, 'latin1').toString('utf8').replaceAll('\r', '␍');
}

describe('configurations and what is made of them (UPDATE=1 rewrites them)', () => {
  test.each(files)('%s', async (file) => {
    const golden = readCase(join(folder, file));
    const actual = await outcome(golden);
    if (process.env['UPDATE'] === '1') writeFileSync(join(folder, file), golden.head + actual);
    else expect(actual).toBe(golden.expected);
  });

  test('at least 150, half of them errors', () => {
    const refused = files.filter((file) => readCase(join(folder, file)).expected.includes('Fatal errors found'));
    expect(files.length).toBeGreaterThanOrEqual(150);
    expect(refused.length).toBeGreaterThanOrEqual(75);
  });
});
