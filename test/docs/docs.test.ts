import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocksOf, readDocument, ROOT } from './document.ts';
import { Walk } from './walk.ts';

const OWN = [
  'README.md',
  'docs/architecture.md',
  'docs/plugins.md',
  'docs/plugin-words.md',
  'docs/plugins-at-run-time.md',
  'docs/filters.md',
  'docs/configuration.md',
];
const PAGES = [
  ...OWN,
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .filter((name) => !OWN.includes(name)),
  'bench/README.md',
  'spoe-agents/README.md',
];

describe.each([
  'README.md',
  'docs/plugins.md',
  'docs/plugin-words.md',
  'docs/plugins-at-run-time.md',
  'docs/filters.md',
  'docs/configuration.md',
  'docs/cache.md',
  'docs/programmatic-use.md',
  'docs/testing.md',
  'spoe-agents/README.md',
  'docs/testing-a-configuration.md',
])('%s', (page) => {
  test('does what it says when it is followed step by step', { timeout: 120_000 }, async () => {
    const walk = new Walk(page);
    try {
      expect(await walk.run()).toBeUndefined();
    } finally {
      walk.end();
    }
  });
});

/** What GitHub makes of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchors = (text: string): string[] => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));

describe.each(PAGES)('%s', (page) => {
  const text = readDocument(page);
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '');

  test('links to what is there', () => {
    const broken = [...prose.matchAll(/\]\(([^)]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path, fragment] = target.split('#') as [string, string?];
        const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
        if (!existsSync(file)) return true;
        return fragment !== undefined && !anchors(readFileSync(file, 'utf8')).includes(fragment);
      });
    expect(broken).toEqual([]);
  });
});

describe.each(OWN)('%s', (page) => {
  const text = readDocument(page);

  test('names files that exist', () => {
    const names = [...text.matchAll(/`((?:core|plugins|test|bench|docs|demo|scripts)\/[\w./*-]*)`/g)].map(
      ([, name]) => name!,
    );
    const missing = names.filter((name) => !name.includes('*') && !existsSync(join(ROOT, name)));
    expect(missing).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> };
    const builtIn = ['ci', 'install', 'i', 'link', 'pack', 'publish'];
    const unknown = [...text.matchAll(/`npm (?:run )?([a-z]+)|^npm (?:run )?([a-z]+)/gm)]
      .map(([, inline, block]) => inline ?? block!)
      .filter((name) => !builtIn.includes(name) && !(name in scripts));
    expect(unknown).toEqual([]);
  });

  test('stays readable in one sitting', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(380);
    expect(blocksOf(text).filter(({ language }) => language === '')).toEqual([]);
  });
});
