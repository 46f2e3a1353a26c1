/**
 * The language beside PUC Lua's: each line of cases/*.lua is run here, and its results are those that lua5.3 gave (cases/*.txt); where lua5.3
 * is installed, it is asked again. `UPDATE=1` takes its answers as the new record.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engine } from '../../plugins/lua/engine/index.ts';

const folder = import.meta.dirname;
const driver = readFileSync(join(folder, 'driver.lua'));
const reference = spawnSync('lua5.3', ['-v']).error === undefined ? 'lua5.3' : undefined;
const topics = readdirSync(join(folder, 'cases'))
  .filter((name) => name.endsWith('.lua'))
  .map((name) => name.slice(0, -4));

function askReference(source: string): string[] {
  const program = `io.write((assert(loadfile(${JSON.stringify(join(folder, 'driver.lua'))}))(io.read('a'))))`;
  const done = spawnSync('lua5.3', ['-e', program], {
    input: Buffer.from(source, 'latin1'),
    timeout: 20_000,
    env: { ...process.env, TZ: 'UTC' },
  });
  expect(done.stderr.toString()).toBe('');
  return done.stdout.latin1Slice().split('\n');
}

function askEngine(source: string): string[] {
  const state = engine.newState({ print: () => undefined });
  try {
    const [text] = state.run(state.load(driver, 'driver.lua'), [source], 15_000);
    return (text as string).split('\n');
  } finally {
    state.close();
  }
}

describe.each(topics)('%s', (topic) => {
  const source = readFileSync(join(folder, 'cases', `${topic}.lua`));
  const text = source.latin1Slice();
  const lines = text.trimEnd().split('\n');
  const record = join(folder, 'cases', `${topic}.txt`);
  if (process.env['UPDATE'] === '1' && reference !== undefined)
    writeFileSync(record, `${askReference(text).join('\n')}\n`, 'latin1');
  const expected = readFileSync(record).latin1Slice().trimEnd().split('\n');
  const actual = askEngine(text);

  it('answers every line', () => {
    expect(expected.length).toBe(lines.length);
    expect(actual.length).toBe(lines.length);
  });

  it.each(lines.map((line, at) => [line, at] as const))('%s', (_line, at) => {
    expect(actual[at]).toBe(expected[at]);
  });

  it.skipIf(reference === undefined)('lua5.3 (if installed) still answers what is recorded', () => {
    expect(askReference(text)).toEqual(expected);
  });
});
