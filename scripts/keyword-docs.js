// Writes docs/keywords.md from the words of the stock plugins as built into dist/; with --check says whether it is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { keywordDocs } from '../dist/core/cli/keyword-docs.js';
import { mergeKeywords } from '../dist/core/plugin/registry.js';
import { stockPlugins } from '../dist/core/plugin/stock.js';

const file = new URL('../docs/keywords.md', import.meta.url);
const text = keywordDocs(mergeKeywords(stockPlugins));

if (process.argv.includes('--check')) {
  if (read() !== text) {
    console.error('docs/keywords.md is stale: npm run keywords');
    process.exitCode = 1;
  }
} else {
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
}

function read() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
