import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, locateDiagnostic } from '../../core/config/index.ts';
import { createCompiler } from '../../core/expression/index.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';
import { type Case, readCase } from '../config/cfgtest.ts';

const folder = join(import.meta.dirname, 'configuration');
const files = readdirSync(folder).toSorted();

/** What is said about a configuration whose further files lie in the folder that relative paths begin in. */
async function outcome({ sources, env }: Case): Promise<string> {
  const [main, ...others] = sources;
  const place = mkdtempSync(join(tmpdir(), 'sluice-spoe-'));
  try {
    for (const { name, text } of others) writeFileSync(join(place, name), text, 'latin1');
    const { diagnostics } = await loadConfig({
      sources: [{ name: main!.name, text: `global\n default-path origin ${place}\n${main!.text}` }],
      env,
      plugins: stockPlugins,
      compilerFor: createCompiler,
    });
    return diagnostics
      .map((diagnostic) => `[${diagnostic.severity}] ${locateDiagnostic(diagnostic)}\n`)
      .join('')
      .replaceAll(`${place}/`, '');
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe('configurations of engines and what is said about them (UPDATE=1 rewrites them)', () => {
  test.each(files)('%s', async (file) => {
    const golden = readCase(join(folder, file));
    const actual = await outcome(golden);
    if (process.env['UPDATE'] === '1') writeFileSync(join(folder, file), golden.head + actual);
    else expect(actual).toBe(golden.expected);
  });
});
