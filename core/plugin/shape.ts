import type { Plugin } from '../api/index.ts';
import { didYouMean } from '../config/nearest.ts';

/** The tables of a plugin, and the function that each entry needs. */
const TABLES: Readonly<Record<string, 'parse' | 'compile' | 'open' | 'serve' | 'run'>> = {
  sections: 'open',
  directives: 'parse',
  bindWords: 'parse',
  serverWords: 'parse',
  actions: 'parse',
  fetches: 'compile',
  converters: 'compile',
  matches: 'compile',
  filters: 'parse',
  balance: 'parse',
  checks: 'parse',
  services: 'serve',
  commands: 'run',
};
const PARTS: readonly string[] = ['name', 'api', 'requires', 'options', 'setup', ...Object.keys(TABLES)];
const OPTION_TYPES: readonly string[] = ['string', 'integer', 'time', 'size', 'path', 'flag'];
/** Sections are found by these before any plugin is asked, and these say no to a line. */
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  sections: ['global', 'defaults', 'frontend', 'backend', 'listen'],
  directives: ['no', 'default'],
};

/**
 * What is wrong with a plugin's object, in one line; undefined when it can be used. Types say the same to who writes TypeScript: this is for
 * JavaScript, and for what was built against another version.
 */
export function misshapen(plugin: Plugin): string | undefined {
  for (const [part, value] of Object.entries(plugin as unknown as Record<string, unknown>)) {
    if (!PARTS.includes(part)) return `it has '${part}', which is no part of a plugin${didYouMean(part, PARTS)}`;
    const needed = TABLES[part];
    const problem = needed === undefined || value === undefined ? undefined : badTable(part, value, needed);
    if (problem !== undefined) return problem;
  }
  const { setup, requires, options } = plugin as { setup?: unknown; requires?: unknown; options?: unknown };
  if (setup !== undefined && typeof setup !== 'function') return "its 'setup' is no function";
  if (requires !== undefined && !(Array.isArray(requires) && requires.every((name) => typeof name === 'string'))) {
    return "its 'requires' is no list of names";
  }
  return options === undefined ? undefined : badOptions(options);
}

function badTable(table: string, value: unknown, needed: string): string | undefined {
  if (!isRecord(value)) return `its '${table}' is no object with words as keys`;
  for (const [word, keyword] of Object.entries(value)) {
    const title = `'${word}' in its '${table}'`;
    if (!isRecord(keyword)) return `${title} is no object`;
    // A service whose name is open is made for each line.
    const given = table === 'services' && keyword['serve'] === undefined ? 'parse' : needed;
    if (typeof keyword[given] !== 'function') return `${title} has no function '${needed}'`;
    for (const text of ['usage', 'summary']) if (typeof keyword[text] !== 'string') return `${title} has no '${text}'`;
    if (RESERVED[table]?.includes(word.split(' ')[0]!)) return `${title} is a word of the language itself`;
    if ((table === 'directives' || table === 'actions') && !Array.isArray(keyword['in'])) {
      return `${title} does not say where it may stand ('in')`;
    }
  }
  return undefined;
}

function badOptions(options: unknown): string | undefined {
  if (!isRecord(options)) return "its 'options' is no object with names as keys";
  for (const [name, option] of Object.entries(options)) {
    const title = `the option '${name}'`;
    if (!isRecord(option) || typeof option['summary'] !== 'string') return `${title} has no 'summary'`;
    const type = option['type'];
    if (typeof type !== 'string' || !OPTION_TYPES.includes(type)) {
      const hint = typeof type === 'string' ? didYouMean(type, OPTION_TYPES) : '';
      return `${title} is of the type '${String(type)}', which is none of ${OPTION_TYPES.join(', ')}${hint}`;
    }
    if (/[\s=]/.test(name) || name === '') return `${title} has a name that cannot be written`;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
