// Writes core/config/known-words.ts from HAProxy's own lists: `keywords.txt` (made by `haproxy -dKall`) and the tables and
// lists of words in `configuration.txt`. Usage: node scripts/known-words.js <folder with both files>
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node scripts/known-words.js <folder of the HAProxy manual>');
const keywords = readFileSync(join(folder, 'keywords.txt'), 'latin1').split('\n');
const manual = readFileSync(join(folder, 'configuration.txt'), 'latin1').split('\n');

const SETS = ['connection', 'session', 'content'].map((set) => `tcp-request ${set}`);
const RULESETS = [...SETS, 'tcp-response content', 'http-request', 'http-response', 'http-after-response'];
const words = {
  section: new Set(),
  global: new Set(),
  proxy: new Set(),
  bind: new Set(),
  server: new Set(),
  balance: new Set(),
  filter: new Set(),
};
for (const set of RULESETS) words[set] = new Set();

// `-dKcfg`: a section in the first column, its words behind a tab.
const cfg = keywords.slice(
  keywords.findIndex((line) => line.startsWith('# List of registered configuration')) + 1,
  keywords.findIndex((line) => line.startsWith('# List of registered CLI')),
);
let section = '';
for (const line of cfg) {
  if (/^\S/.test(line)) {
    section = line.trim();
    if (section !== 'crt-list') words.section.add(section);
    continue;
  }
  const text = line
    .trim()
    .replace(/ \+-?\d+$/, '')
    .replace(/ \[.*\]$/, '');
  const rule = RULESETS.find((set) => text.startsWith(`${set} `));
  if (section === 'global') words.global.add(text);
  else if (section !== 'listen') continue;
  else if (text.startsWith('bind <addr> ')) words.bind.add(text.split(' ').at(-1));
  else if (text.startsWith('server <name> ')) words.server.add(text.split(' ').at(-1));
  else if (rule) words[rule].add(text.slice(rule.length + 1).replace('*', ''));
  else if (text !== '') words.proxy.add(text);
}

words.bind.add('ssl');
// Sections that register themselves otherwise, by their chapters: 5.3, 8, 10, 11, 12, cache, programs.
for (const name of ['defaults', 'frontend', 'backend', 'http-errors', 'mailers', 'peers', 'resolvers', 'ring'])
  words.section.add(name);
for (const name of ['log-forward', 'log-profile', 'cache', 'fcgi-app', 'program', 'healthcheck', 'crt-store'])
  words.section.add(name);

const between = (from, to) => {
  const start = manual.findIndex((line, index) => line === from && /^-+$/.test(manual[index + 1] ?? ''));
  return manual.slice(
    start,
    manual.findIndex((line, index) => index > start && line.startsWith(to)),
  );
};
for (const line of between('3. Global section', '3.1. ')) {
  const word = /^ {3}- (\S+)/.exec(line)?.[1];
  if (word) words.global.add(word);
}
const cells = /^([a-z][\w. -]*?)(?: +\(\*\))?(?:\s+--.*)?\s{2,}(?:[X-](?: \(!\))?\s*){4}$/;
for (const line of between('4.1. Proxy keywords matrix', '4.2. ')) {
  const word = cells.exec(line)?.[1].trim();
  if (word) words.proxy.add(word);
}
for (const line of between('4.3. Actions keywords matrix', '4.4. ')) {
  const row = /^([a-z][\w.-]*)\S*(?: [a-z]\S*)*\s+((?:[X-]\s*){8})$/.exec(line);
  if (!row) continue;
  const [, ...ticks] = row[2].trim().split(/\s+/);
  for (const [index, tick] of ticks.entries()) if (tick === 'X') words[RULESETS[index]].add(row[1]);
}

const filters = keywords.findIndex((line) => line.startsWith('# List of registered filter'));
for (const line of keywords.slice(filters + 1)) {
  if (line.startsWith('#')) break;
  words.filter.add(line.split(' ')[0]);
}
// 4.2, `balance`, and the algorithms of log backends.
for (const name of ['roundrobin', 'static-rr', 'leastconn', 'first', 'hash', 'source', 'uri', 'url_param', 'hdr'])
  words.balance.add(name);
for (const name of ['random', 'rdp-cookie', 'log-hash', 'sticky']) words.balance.add(name);

const quote = (text) => `'${text}'`;
const table = (name) => {
  const lines = [''];
  for (const word of [...words[name]].toSorted((a, b) => (a < b ? -1 : 1))) {
    if (lines.at(-1).length + word.length > 100) lines.push('');
    lines[lines.length - 1] += `${word}|`;
  }
  lines[lines.length - 1] = lines.at(-1).slice(0, -1);
  return `  ${/^\w+$/.test(name) ? name : quote(name)}:\n    ${lines.map(quote).join(' +\n    ')},`;
};
writeFileSync(
  new URL('../core/config/known-words.ts', import.meta.url),
  `// Made by scripts/known-words.js from the lists of HAProxy 3.5; not edited by hand.

/** The classes of HAProxy's words; the rule sets are classes of their own. */
export type WordClass = ${Object.keys(words).map(quote).join(' | ')};

/** Every word of HAProxy's configuration language, by class, separated by bars: what is refused as "not built yet". */
export const KNOWN_WORDS: Readonly<Record<WordClass, string>> = {
${Object.keys(words).map(table).join('\n')}
};
`,
);
