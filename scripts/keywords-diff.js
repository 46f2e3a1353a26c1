// Compares the words of the stock plugins, as built into dist/, with HAProxy's own list (what `haproxy -dKall` prints).
// Usage: node scripts/keywords-diff.js <keywords.txt>
import { readFileSync } from 'node:fs';
import { listKeywords } from '../dist/core/cli/keyword-lists.js';
import { language } from '../dist/core/config/language.js';
import { KNOWN_WORDS } from '../dist/core/config/known-words.js';
import { mergeKeywords } from '../dist/core/plugin/registry.js';
import { stockPlugins } from '../dist/core/plugin/stock.js';
import { parseKeywords } from './keyword-classes.js';

const file = process.argv[2];
if (file === undefined) {
  console.error('usage: npm run keywords:diff -- <keywords.txt>');
  process.exit(2);
}

const theirs = parseKeywords(readFileSync(file, 'latin1'));
// The list leaves out what HAProxy reads without registering it; the manual has those words.
for (const [name, words] of Object.entries(KNOWN_WORDS)) {
  const known = (theirs[CLASS_OF(name)] ??= new Map());
  for (const word of words.split('|')) if (!known.has(word)) known.set(word, '');
}
const keywords = mergeKeywords([language, ...stockPlugins]);
const ours = parseKeywords(listKeywords(keywords, ['all']));
// Of the kernel's own.
for (const word of ['defaults', 'frontend', 'backend']) ours.sections.set(word, '');
for (const word of keywords.checks.keys()) ours.proxy.set(`option ${word}`, '');
ours.balance = new Map([...keywords.balance.keys()].map((word) => [word, '']));

const rows = [];
const details = [];
for (const [name, list] of Object.entries(theirs)) {
  const built = ours[name] ?? new Map();
  const words = [...built.keys()];
  // `timeout` stands for all of `timeout client`, `timeout server` …
  // and `http-check` for `http-check send` …, whose second word is the directive's own.
  const has = (word) =>
    built.has(word) || words.some((own) => own.startsWith(`${word} `) || word.startsWith(`${own} `));
  const missing = [...list.keys()].filter((word) => !has(word));
  const added = words.filter((word) => !list.has(word));
  const differing = words.filter((word) => list.get(word) && built.get(word) && list.get(word) !== built.get(word));
  rows.push([name, list.size, list.size - missing.length, missing.length, added.length, differing.length]);
  if (missing.length > 0) details.push(paragraph(`${name}: missing`, missing));
  if (added.length > 0) details.push(paragraph(`${name}: not HAProxy's`, added));
  for (const word of differing)
    details.push(`${name}: ${word}\n  HAProxy ${list.get(word)}\n  Sluice  ${built.get(word)}`);
}
const total = rows.reduce((sum, row) => sum.map((value, index) => value + row[index + 1]), [0, 0, 0, 0, 0]);
rows.push(['total', ...total]);

console.log(details.join('\n\n'));
console.log();
for (const [name, ...counts] of [['class', 'HAProxy', 'built', 'missing', 'added', 'differ'], ...rows])
  console.log(name.padEnd(24) + counts.map((count) => String(count).padStart(9)).join(''));

function CLASS_OF(name) {
  return { section: 'sections', filter: 'filters' }[name] ?? name;
}

/** A headline and the words below it, wrapped. */
function paragraph(title, words) {
  const lines = ['  '];
  for (const word of words.toSorted()) {
    const last = lines.length - 1;
    if (lines[last].length + word.length > 116) lines.push(`  ${word}, `);
    else lines[last] += `${word}, `;
  }
  return `${title} (${words.length})\n${lines
    .join('\n')
    .replace(/, (?=\n|$)/g, ',')
    .replace(/,$/, '')}`;
}
