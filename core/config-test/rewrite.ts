import { knownWords } from '../config/known.ts';
import { lexLine, type Token } from '../config/lexer.ts';
import type { Source } from '../config/sources.ts';
import {
  BIND_WORDS,
  CHECK_OPTIONS,
  CONNECTION_ACTIONS,
  GLOBAL_LINES,
  GLOBAL_PREFIXES,
  PROXY_LINES,
  SECTIONS,
  SERVER_WORDS,
} from './replaced-words.ts';

/** An address of a `bind` line, as it is written: one of a range, where there is one. */
export interface BindAddress {
  readonly file: string;
  readonly line: number;
  /** `:8080`. */
  readonly label: string;
  /** Undefined for any, and for what is no IP address. */
  readonly host: string | undefined;
  readonly port: number | undefined;
}

/** A `server` line. */
export interface ServerLine {
  readonly file: string;
  readonly line: number;
  readonly backend: string;
  /** One, or those of a `server-template`. */
  readonly names: readonly string[];
}

/** Where things are in the test. */
export interface Places {
  bind(address: BindAddress): string;
  server(line: ServerLine): string;
  /** Where health checks connect to: a port of the host of all servers. */
  readonly checkPort: number;
  /** Where logs go. */
  readonly log: string;
}

export interface RewriteOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly paths: readonly (readonly [from: string, to: string])[];
  /** Beginnings of lines that are left out, their words joined by one blank. */
  readonly without: readonly string[];
  /** For HAProxy: lines behind the one that begins a frontend, and what concerns that program alone. */
  readonly haproxy?: { frontendLines(name: string): readonly string[] };
}

export interface Rewritten {
  readonly sources: readonly Source[];
  /** Lines that are not there any more: what was asked for by `without`, by what. */
  readonly leftOut: ReadonlySet<string>;
  /** By file: the line of the original for each line, from 1. */
  readonly lines: ReadonlyMap<string, readonly number[]>;
}

/**
 * Makes a configuration that runs beside others and reaches nobody: addresses of listeners, servers and logs are others, states of
 * servers are what the test says. Lines stay where they are, but for those that HAProxy gets in addition.
 */
export function rewrite(sources: readonly Source[], places: Places, options: RewriteOptions): Rewritten {
  const leftOut = new Set<string>();
  const lines = new Map<string, readonly number[]>();
  const rewritten = sources.map((source) => {
    const file = new FileRewriter(source, places, options, leftOut);
    const result = file.run();
    lines.set(source.name, result.lines);
    return { name: source.name, text: result.text };
  });
  return { sources: rewritten, leftOut, lines };
}

const CORE_SECTIONS: ReadonlySet<string> = new Set(['global', 'defaults', 'frontend', 'backend', 'listen']);
const isSection = (word: string): boolean => CORE_SECTIONS.has(word) || knownWords('section').has(word);

class FileRewriter {
  readonly #source: Source;
  readonly #places: Places;
  readonly #options: RewriteOptions;
  readonly #leftOut: Set<string>;
  readonly #rows: string[];
  /** What is put in the place of words, by row. */
  readonly #edits = new Map<number, { column: number; width: number; text: string }[]>();
  /** Lines to come behind a row. */
  readonly #behind = new Map<number, readonly string[]>();
  #section = '';
  #name = '';

  constructor(source: Source, places: Places, options: RewriteOptions, leftOut: Set<string>) {
    this.#source = source;
    this.#places = places;
    this.#options = options;
    this.#leftOut = leftOut;
    this.#rows = source.text.split('\n');
  }

  run(): { text: string; lines: readonly number[] } {
    let pending: Token[] = [];
    let first = 1;
    for (const [index, row] of this.#rows.entries()) {
      const { tokens, continues, problem } = lexLine(row, index + 1, (name) => this.#variable(name));
      if (pending.length === 0) first = index + 1;
      pending.push(...tokens);
      if (continues && problem === undefined) continue;
      // A line that cannot be read is left for the configuration's own reader to complain about.
      if (problem === undefined && pending.length > 0) this.#line(pending, first, index + 1);
      pending = [];
    }
    const rows: string[] = [];
    const lines: number[] = [];
    for (const [index, row] of this.#rows.entries()) {
      const behind = this.#behind.get(index + 1) ?? [];
      for (const one of [this.#edited(row, index + 1), ...behind]) {
        rows.push(one);
        lines.push(index + 1);
      }
    }
    return { text: rows.join('\n'), lines };
  }

  #variable(name: string): string | undefined {
    if (name === '.FILE') return this.#source.name;
    if (name === '.SECTION') return this.#name;
    return this.#options.environment[name];
  }

  #edited(row: string, number: number): string {
    const edits = this.#edits.get(number)?.toSorted((a, b) => b.column - a.column) ?? [];
    let text = row;
    for (const { column, width, text: put } of edits)
      text = text.slice(0, column - 1) + put + text.slice(column - 1 + width);
    return text;
  }

  #put(token: Token, text: string): void {
    const edits = this.#edits.get(token.line) ?? [];
    edits.push({ column: token.column, width: token.width, text });
    this.#edits.set(token.line, edits);
  }

  /** What stands on a line is no part of it. */
  #drop(first: number, last: number): void {
    for (let number = first; number <= last; number++) this.#rows[number - 1] = '';
  }

  #line(tokens: readonly Token[], first: number, last: number): void {
    const word = tokens[0]!.text;
    if (isSection(word)) {
      this.#section = word;
      this.#name = tokens[1]?.text ?? word;
      const more = this.#options.haproxy?.frontendLines(this.#name) ?? [];
      if (more.length > 0 && (word === 'frontend' || word === 'listen')) this.#behind.set(last, more);
    }
    if (this.#isLeftOut(tokens)) {
      this.#drop(first, last);
      return;
    }
    this.#movePaths(tokens);
    const { haproxy } = this.#options;
    switch (word) {
      case 'frontend':
      case 'listen':
        // `listen web :80`, as it was once written.
        if (tokens[2] !== undefined && tokens[2].text !== 'from') this.#bind(tokens, 2);
        break;
      case 'bind':
        if (this.#section === 'frontend' || this.#section === 'listen') this.#bind(tokens, 1);
        break;
      case 'server':
      case 'server-template':
        if (this.#section === 'backend' || this.#section === 'listen') this.#server(tokens);
        else if (this.#section === 'ring') this.#drop(first, last);
        break;
      case 'default-server':
        this.#strip(tokens, 1, SERVER_WORDS);
        this.#connectChecks(tokens);
        break;
      case 'log':
        this.#log(tokens);
        break;
      case 'default-path':
        // The file that HAProxy reads is somewhere else.
        if (haproxy !== undefined) this.#defaultPath(tokens);
        break;
      case 'stick-table':
        this.#strip(tokens, 1, new Map([['peers', 1]]));
        break;
      case 'tcp-request':
        if (tokens[1]?.text !== 'connection') break;
        // The client says who it is before any rule is asked: nobody need wait for that.
        if (tokens[2]?.text === 'expect-proxy' || tokens[2]?.text === 'expect-netscaler-cip') this.#drop(first, last);
        // These rules are asked before the PROXY header has been read; those of sessions behind it.
        else if (!CONNECTION_ACTIONS.has(tokens[2]?.text ?? '')) this.#put(tokens[1], 'session');
        break;
      default:
    }
  }

  #isLeftOut(tokens: readonly Token[]): boolean {
    const [word, next] = tokens.map(({ text }) => text);
    const line = tokens.map(({ text }) => text).join(' ');
    const asked = this.#options.without.find((beginning) => line === beginning || line.startsWith(`${beginning} `));
    if (asked !== undefined) {
      this.#leftOut.add(asked);
      return true;
    }
    if (SECTIONS.has(this.#section)) return true;
    const plain = word === 'no' || word === 'default' ? next! : word!;
    if (this.#section === 'global')
      return GLOBAL_LINES.has(plain) || GLOBAL_PREFIXES.some((prefix) => plain.startsWith(prefix));
    if (!CORE_SECTIONS.has(this.#section)) return false;
    if (plain === 'option')
      return CHECK_OPTIONS.has(tokens[tokens.findIndex(({ text }) => text === 'option') + 1]?.text ?? '');
    return PROXY_LINES.has(plain);
  }

  #movePaths(tokens: readonly Token[]): void {
    if (this.#options.paths.length === 0) return;
    for (const token of tokens.slice(1)) {
      let { text } = token;
      for (const [from, to] of this.#options.paths) {
        // At the beginning of a word, or of an argument within one: `map(/etc/…)`.
        const parts = text.split(new RegExp(`(?<=^|[(,@])${escape(from)}(?=$|[/),])`));
        text = parts.join(to);
      }
      if (text !== token.text) this.#put(token, quote(text));
    }
  }

  #strip(tokens: readonly Token[], from: number, words: ReadonlyMap<string, number>): void {
    for (let index = from; index < tokens.length; index++) {
      const count = words.get(tokens[index]!.text);
      if (count === undefined) continue;
      for (const token of tokens.slice(index, index + count + 1)) this.#put(token, '');
      index += count;
    }
  }

  /** The addresses are word `at` of the line. */
  #bind(tokens: readonly Token[], at: number): void {
    const token = tokens[at];
    if (token === undefined) return;
    const addresses = token.text.split(',').flatMap((item) => {
      const { file, line } = { file: this.#source.name, line: tokens[0]!.line };
      return expand(item).map(({ label, host, port }) => this.#places.bind({ file, line, label, host, port }));
    });
    this.#put(token, addresses.join(','));
    this.#strip(tokens, at + 1, BIND_WORDS);
    this.#append(tokens, 'accept-proxy');
  }

  #server(tokens: readonly Token[]): void {
    const template = tokens[0]!.text === 'server-template';
    const [name, count, address] = template ? tokens.slice(1) : [tokens[1], undefined, tokens[2]];
    if (name === undefined || address === undefined) return;
    const [low, high] = template ? bounds(count!.text) : [0, 0];
    const names = template ? Array.from({ length: high - low + 1 }, (_, i) => `${name.text}${low + i}`) : [name.text];
    const line: ServerLine = { file: this.#source.name, line: tokens[0]!.line, backend: this.#name, names };
    this.#put(address, this.#places.server(line));
    this.#strip(tokens, template ? 4 : 3, SERVER_WORDS);
    this.#connectChecks(tokens);
  }

  /** Health checks find somebody who lets them in, once: from there on states are what the test says. */
  #connectChecks(tokens: readonly Token[]): void {
    if (tokens.some(({ text }) => text === 'check'))
      this.#append(tokens, `port ${this.#places.checkPort} inter 10d rise 100 fall 100`);
  }

  /** Behind the last word, where a comment may follow. */
  #append(tokens: readonly Token[], text: string): void {
    const { line, column, width } = tokens.at(-1)!;
    this.#put({ text: '', line, column: column + width, width: 0 }, ` ${text}`);
  }

  #log(tokens: readonly Token[]): void {
    const target = tokens[1];
    if (target === undefined || target.text === 'global') return;
    this.#put(target, this.#places.log);
    this.#strip(tokens, 2, new Map([['format', 1]]));
    // HAProxy wants `len` before `format`.
    const behind = tokens[2]?.text === 'len' ? tokens[3] : target;
    if (behind === undefined) return;
    if (behind === target)
      this.#edits.get(target.line)!.find(({ column }) => column === target.column)!.text += ' format raw';
    else this.#append([behind], 'format raw');
  }

  #defaultPath(tokens: readonly Token[]): void {
    const policy = tokens[1]?.text;
    const folder = this.#source.name.replace(/\/[^/]*$/, '');
    if (policy === 'config') this.#put(tokens[1]!, `origin ${quote(folder)}`);
    else if (policy === 'parent') this.#put(tokens[1]!, `origin ${quote(`${folder}/..`)}`);
  }
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** As one word of a configuration. */
export function quote(text: string): string {
  return /^[\w./:@%+,=()-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `1-3` or `3` of `server-template`. */
function bounds(text: string): [number, number] {
  const [low, high] = text.split('-').map(Number);
  const [from, to] = high === undefined ? [1, low!] : [low!, high];
  // What is wrong with it is told by the configuration's reader.
  return from <= to && to - from < 10_000 ? [from, to] : [1, 0];
}

interface Expanded {
  readonly label: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

/** The listeners of one address of a `bind` line. */
function expand(item: string): Expanded[] {
  const plain = item.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6)@/, '');
  const parts = /^(.*):(\d+)(?:-(\d+))?$/.exec(plain);
  if (parts === null || /^[a-z0-9]+@/.test(plain) || plain.startsWith('/'))
    return [{ label: item, host: undefined, port: undefined }];
  const host = parts[1]!.replace(/^\[(.*)\]$/, '$1');
  const low = Number(parts[2]);
  const high = Number(parts[3] ?? low);
  const known = host === '' || host === '*' ? undefined : host;
  if (high < low || high - low >= 1000) return [{ label: item, host: known, port: low }];
  return Array.from({ length: high - low + 1 }, (_, index) => ({
    label: high === low ? item : `${item.replace(/:[^:]*$/, '')}:${low + index}`,
    host: known,
    port: low + index,
  }));
}
