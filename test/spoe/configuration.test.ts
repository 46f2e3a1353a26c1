import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, locateDiagnostic } from '../../core/config/index.ts';
import { createCompiler } from '../../core/expression/index.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';
import { type Case, readCase } from '../config/cfgtest.ts';
import { which } from '../support/which.ts';

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
    return (
      diagnostics
        .map((diagnostic) => `[${diagnostic.severity}] ${locateDiagnostic(diagnostic)}\n`)
        .join('')
        .replaceAll(`${place}/`, '')
        // Actions come and go.
        .replace(/expects '.*', but got/g, 'expects …, but got')
    );
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

/** Where HAProxy 2.6 does otherwise: words of ours and of 3.1, lines that it passes over, and errors behind which it reads no more. */
const APART = new Set(
  ['everything', 'message-lines-error', 'mode-spop-error', 'agent-sections-error', 'empty-hides-error'].map(
    (name) => `${name}.cfgtest`,
  ),
);

describe.skipIf(which('haproxy') === undefined)('HAProxy 2.6 on the same files (needs haproxy)', () => {
  test.each(files.filter((file) => !APART.has(file)))('%s', (file) => {
    const { sources, expected } = readCase(join(folder, file));
    const place = mkdtempSync(join(tmpdir(), 'sluice-spoe-'));
    try {
      for (const { name, text } of sources)
        writeFileSync(join(place, name), text.replace(/mode spop/g, 'mode tcp'), 'latin1');
      const { status, stderr } = spawnSync(which('haproxy')!, ['-c', '-f', 'test.cfg'], {
        cwd: place,
        encoding: 'latin1',
      });
      expect(status === 0).toBe(!expected.includes('Fatal errors'));
      // The lines of the engine's file that were refused.
      const refused = (text: string): string[] => [...new Set(text.match(/engine\.conf:\d+\](?= ?:)/g))].toSorted();
      expect(refused(expected.replaceAll(/\[warning\].*/g, ''))).toEqual(
        refused(stderr.replaceAll(/\[WARNING\].*/g, '')),
      );
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});
