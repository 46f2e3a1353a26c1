import type { ArgumentSpec, ArgumentType, Arguments } from '../api/keywords.ts';
import type { Transaction } from '../api/traffic.ts';
import type { Names, Scope } from '../api/words.ts';
import { parseIpv4, parseIpv6, parseMask } from './addresses.ts';
import { ArgumentError, ExpressionError } from './errors.ts';

/** What a keyword's arguments are compiled with. */
export interface ArgumentContext {
  readonly scope: Scope | undefined;
  later(check: (names: Names) => void): void;
  /** Where a file named in the configuration is. */
  path(file: string): string;
  /** An ACL the proxy has declared so far, or a predefined one. */
  acl(name: string): { evaluate(transaction: Transaction): boolean } | undefined;
}

/** Who the arguments belong to, as messages say it. */
export interface ArgumentOwner {
  readonly word: string;
  readonly kind: 'fetch method' | 'converter';
}

/** The names HAProxy's messages and lists give the types. A mask's and an address's family follows from where it stands. */
export function argumentTypeName(type: ArgumentType, word: string, index: number): string {
  if (type === 'ip') return word === 'ipv6' ? 'IPv6 address' : 'IPv4 address';
  if (type === 'mask') return index === 0 ? 'IPv4 mask' : 'IPv6 mask';
  return TYPE_NAMES[type] ?? type;
}

const TYPE_NAMES: Readonly<Partial<Record<ArgumentType, string>>> = {
  userlist: 'user list',
  map: 'string',
  variable: 'string',
  'protobuf-field': 'Protocol buffers field number',
};

/** A proxy that is not named is the line's own. */
const OWN: ReadonlySet<ArgumentType> = new Set(['frontend', 'backend', 'table']);
/** What has to be named though messages speak of it late. */
const NAMED: Readonly<Partial<Record<ArgumentType, string>>> = { server: 'server', userlist: 'userlist' };

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  ' ': ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

export interface RawArguments {
  readonly texts: string[];
  /** Behind the closing parenthesis. */
  readonly end: number;
  /** The parenthesis never closed: refused once the arguments that are there have been checked. */
  readonly open: boolean;
}

/**
 * Splits what stands between parentheses. Quotes and backslashes work as in a line of the file, but for `\#`, `\$` and
 * `\xNN`, which stay as they are; configuration.txt 2.2.
 */
export function splitArguments(
  text: string,
  open: number,
  limit: number,
  fail: (detail: string) => never,
): RawArguments {
  const texts: string[] = [];
  let current = '';
  let quote = '';
  let at = open + 1;
  let started = at;
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (quote === "'" ? char === "'" : char === quote) {
      quote = '';
    } else if (quote === "'") {
      current += char;
    } else if (char === '\\') {
      const escaped = ESCAPES[text[at + 1] ?? ''];
      if (escaped === undefined) current += char;
      else {
        current += escaped;
        at++;
      }
    } else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
    } else if (quote === '' && (char === ',' || char === ')')) {
      if (limit === 0 && at > started) fail(`expected ')' before '${text.slice(started)}'`);
      texts.push(current);
      if (char === ')') return { texts: limit === 0 ? [] : texts, end: at + 1, open: false };
      if (texts.length >= limit) fail(`expected ')' before '${text.slice(at)}'`);
      current = '';
      started = at + 1;
    } else {
      current += char;
    }
  }
  if (quote !== '') fail(`unquoted ${quote === '"' ? 'double' : 'single'}-quoted string in argument`);
  texts.push(current);
  return { texts, end: at, open: true };
}

/** Checks the texts against what the keyword declares, and makes of them what its `compile` gets. */
export function bindArguments(
  { texts: given, open }: RawArguments,
  specs: readonly ArgumentSpec[],
  owner: ArgumentOwner,
  context: ArgumentContext,
): Arguments {
  const mandatory = specs.findLastIndex((spec) => !spec.optional) + 1;
  const texts = specs.map((_, index) => (given[index] === '' && index >= mandatory ? undefined : given[index]));
  const typeAt = (index: number): string => argumentTypeName(specs[index]!.type, owner.word, index);
  const refuse = (index: number, detail: string): never => {
    const where =
      owner.kind === 'converter'
        ? `invalid arg ${index + 1} in converter '${owner.word}'`
        : `fetch method '${owner.word}'`;
    throw new ArgumentError(where, detail);
  };
  // A string that is not there is an empty one, if it is the first.
  if (mandatory > 0 && (given.length === 0 || (given.length === 1 && given[0] === ''))) {
    const { type } = specs[0]!;
    const named = NAMED[type];
    if (named !== undefined) refuse(0, `missing ${named} name in arg 1`);
    if (type !== 'string' && type !== 'map' && !OWN.has(type))
      refuse(0, `expected type '${typeAt(0)}' at position 1, but got nothing`);
    texts[0] = '';
  }
  const count = Math.max(given.length, texts[0] === undefined ? 0 : 1);
  if (count < mandatory)
    refuse(count, `missing arguments (got ${count}/${mandatory}), type '${typeAt(count)}' expected`);
  for (const [index, text] of texts.entries()) {
    if (text !== undefined && !isOfType(text, specs[index]!.type, owner.word, index))
      refuse(index, `failed to parse '${text}' as type '${typeAt(index)}' at position ${index + 1}`);
  }
  // A list's name may have a prefix that says what kind of file it is; configuration.txt 2.7.
  for (const [index, { type }] of specs.entries()) {
    const text = texts[index];
    if (type === 'map' && text !== undefined) texts[index] = resolveList(text, context);
  }
  if (open) refuse(given.length - 1, "expected ')'");
  const fail = (message: string): never => {
    throw new ArgumentError(`invalid args in ${owner.kind} '${owner.word}'`, message);
  };
  return {
    word: owner.word,
    texts,
    scope: context.scope,
    text: (index) => texts[index] ?? fail(`argument ${index + 1} is missing`),
    optionalText: (index) => texts[index],
    integer: (index, fallback) => {
      const text = texts[index];
      if (text === undefined) return fallback ?? fail(`argument ${index + 1} is missing`);
      return scaledInteger(text, specs[index]!.type);
    },
    fail,
    acl: (text) => {
      const expected = !text.startsWith('!');
      const name = expected ? text : text.slice(1);
      const acl = context.acl(name) ?? fail(`ACL '${name}' not found`);
      return (transaction) => acl.evaluate(transaction) === expected;
    },
    later: (check) => context.later((names) => naming(owner, context, () => check(names))),
  };
}

/** What is refused when all sections have been read says whose argument it was. */
function naming(owner: ArgumentOwner, context: ArgumentContext, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const kind = owner.kind === 'converter' ? 'conversion keyword' : 'sample fetch keyword';
    const place = context.scope ? ` in proxy '${context.scope.name}'` : '';
    throw new ExpressionError(`${error.detail} of ${kind} '${owner.word}'${place}`);
  }
}

/** Applies `default-path` to the file of a pattern list; virtual lists have none. */
export function resolveList(name: string, context: Pick<ArgumentContext, 'path'>): string {
  const [, prefix, file] = /^(file@|opt@|virt@)?(.*)$/s.exec(name)!;
  return prefix === 'virt@' ? name : (prefix ?? '') + context.path(file!);
}

const TIME_UNITS: Readonly<Record<string, number>> = { '': 1, us: 0.001, ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1048576, g: 1073741824 };

function scaledInteger(text: string, type: ArgumentType): number {
  if (type !== 'time' && type !== 'size') return Number(text);
  const [, digits, unit] = /^([0-9]+)([a-z]*)$/i.exec(text) ?? [];
  const factor = (type === 'time' ? TIME_UNITS : SIZE_UNITS)[(unit ?? '?').toLowerCase()];
  return factor === undefined ? Number.NaN : Math.ceil(Number(digits) * factor);
}

function isOfType(text: string, type: ArgumentType, word: string, index: number): boolean {
  switch (type) {
    case 'integer':
      return /^[+-]?[0-9]+$/.test(text);
    case 'time':
    case 'size':
      return !Number.isNaN(scaledInteger(text, type));
    case 'ip':
      return (word === 'ipv6' ? parseIpv6(text) : parseIpv4(text)) !== undefined;
    case 'protobuf-field':
      return /^[0-9]+(?:\.[0-9]+)*$/.test(text);
    case 'mask':
      return parseMask(text, index === 0 ? 4 : 6) !== undefined;
    default:
      return true;
  }
}
