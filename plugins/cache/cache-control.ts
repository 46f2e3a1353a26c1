/**
 * Cache-Control, both ways (RFC 9111 5.2). What is malformed counts on the careful side: freshness that cannot be read is none
 * (4.2.1), a prohibition counts whatever its argument looks like.
 */
export interface Directives {
  noStore: boolean;
  /** Unqualified; with field names only, see `noCacheFields`. */
  noCache: boolean;
  noCacheFields: readonly string[];
  private: boolean;
  privateFields: readonly string[];
  public: boolean;
  mustRevalidate: boolean;
  proxyRevalidate: boolean;
  mustUnderstand: boolean;
  noTransform: boolean;
  immutable: boolean;
  onlyIfCached: boolean;
  /** Seconds; undefined when absent, 0 when it cannot be read. */
  maxAge: number | undefined;
  sMaxAge: number | undefined;
  minFresh: number | undefined;
  /** Infinity without an argument. */
  maxStale: number | undefined;
  /** RFC 5861. */
  staleWhileRevalidate: number | undefined;
  staleIfError: number | undefined;
}

/** RFC 9111 1.2.2: what is larger, or cannot be represented, counts as this. */
const MOST = 2_147_483_648;

function none(): Directives {
  return {
    noStore: false,
    noCache: false,
    noCacheFields: [],
    private: false,
    privateFields: [],
    public: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    noTransform: false,
    immutable: false,
    onlyIfCached: false,
    maxAge: undefined,
    sMaxAge: undefined,
    minFresh: undefined,
    maxStale: undefined,
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
  };
}

export const NO_DIRECTIVES: Directives = Object.freeze(none());

/** delta-seconds (RFC 9111 1.2.2); undefined for anything else. */
export function deltaSeconds(text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST) : undefined;
}

/** One member of the list: `name`, `name=token` or `name="string"`. */
interface Member {
  readonly name: string;
  /** Without quotes; undefined when there is none. */
  readonly value: string | undefined;
  /** It is one of the three forms of the grammar. */
  readonly sound: boolean;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/**
 * The members of a Cache-Control field. A quoted string hides the commas in it; one that never ends hides nothing, so that no
 * prohibition behind it is lost.
 */
export function members(text: string): Member[] {
  const list: Member[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match[1] ?? match[0];
  };
  while (at < text.length) {
    const c = text[at]!;
    if (c === ',' || c === ' ' || c === '\t') {
      at++;
      continue;
    }
    const name = take(TOKEN)!.toLowerCase();
    let value: string | undefined;
    if (text[at] === '=') {
      at++;
      value = text[at] === '"' ? take(QUOTED)?.replace(/\\(.)/g, '$1') : undefined;
      value ??= take(TOKEN)!;
    }
    // Anything but blanks up to the next comma is no directive of this grammar.
    const comma = text.indexOf(',', at);
    const rest = text.slice(at, comma === -1 ? text.length : comma);
    at = comma === -1 ? text.length : comma + 1;
    list.push({ name, value, sound: name !== '' && rest.trim() === '' });
  }
  return list;
}

/** RFC 9110 5.6.2. */
const FIELD_NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The field names of a qualified `no-cache` or `private`; undefined when that is not what the argument is. */
function fieldNames(value: string | undefined): string[] | undefined {
  const names = value
    ?.split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  return names !== undefined && names.length > 0 && names.every((name) => FIELD_NAMES.test(name)) ? names : undefined;
}

/** Seconds of a member; 0 for what cannot be read. RFC 9111 5.2: a quoted form is accepted though none should send it. */
function seconds(member: Member): number {
  return (member.sound && member.value !== undefined ? deltaSeconds(member.value) : undefined) ?? 0;
}

/** Of two that disagree neither is believed (RFC 9111 4.2.1). */
function once(known: number | undefined, value: number): number {
  return known === undefined || known === value ? value : 0;
}

/** Reads all Cache-Control fields of a message; `lines` in the order they came. */
export function parseCacheControl(lines: readonly string[]): Directives {
  if (lines.length === 0) return NO_DIRECTIVES;
  const found = none();
  for (const member of members(lines.join(','))) apply(found, member);
  return found;
}

/** Adds one directive; unknown ones are ignored (RFC 9111 5.2.3). */
function apply(found: Directives, member: Member): void {
  switch (member.name) {
    case 'no-store':
      found.noStore = true;
      break;
    case 'no-cache': {
      const names = fieldNames(member.value);
      if (names === undefined) found.noCache = true;
      else found.noCacheFields = [...found.noCacheFields, ...names];
      break;
    }
    case 'private': {
      const names = fieldNames(member.value);
      if (names === undefined) found.private = true;
      else found.privateFields = [...found.privateFields, ...names];
      break;
    }
    case 'public':
      if (member.sound) found.public = true;
      break;
    case 'must-revalidate':
      found.mustRevalidate = true;
      break;
    case 'proxy-revalidate':
      found.proxyRevalidate = true;
      break;
    case 'must-understand':
      if (member.sound) found.mustUnderstand = true;
      break;
    case 'no-transform':
      found.noTransform = true;
      break;
    case 'immutable':
      if (member.sound) found.immutable = true;
      break;
    case 'only-if-cached':
      found.onlyIfCached = true;
      break;
    case 'max-age':
      found.maxAge = once(found.maxAge, seconds(member));
      break;
    case 's-maxage':
      found.sMaxAge = once(found.sMaxAge, seconds(member));
      break;
    case 'min-fresh':
      // What cannot be read asks for more than anything has.
      found.minFresh = member.value === undefined ? MOST : (deltaSeconds(member.value) ?? MOST);
      break;
    case 'max-stale':
      found.maxStale = member.value === undefined && member.sound ? Infinity : seconds(member);
      break;
    case 'stale-while-revalidate':
      found.staleWhileRevalidate = once(found.staleWhileRevalidate, seconds(member));
      break;
    case 'stale-if-error':
      found.staleIfError = once(found.staleIfError, seconds(member));
      break;
    default:
  }
}
