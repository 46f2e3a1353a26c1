/**
 * Cookie and Set-Cookie fields, read and edited as HAProxy does (found by trying it): in a request both `;` and `,` end a cookie unless they
 * stand in quotes, and white space around `=` goes. Nothing else of a field changes.
 */

/** What becomes of a cookie: undefined leaves it, a text is its new value. */
export type CookieEdit = string | typeof REMOVED | undefined;
export const REMOVED: unique symbol = Symbol('removed');

/** Where the piece that begins at `from` ends: at the next delimiter outside of quotes that are closed again. */
function endOfPiece(text: string, from: number, delimiters: string): number {
  for (let i = from; i < text.length; i++) {
    const character = text[i]!;
    if (delimiters.includes(character)) return i;
    if (character !== '"') continue;
    const close = endOfQuotes(text, i);
    if (close < 0) return text.length;
    i = close;
  }
  return text.length;
}

/** Where the quotes that begin at `from` end; a backslash takes its meaning from a quote. */
function endOfQuotes(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}

interface Pair {
  readonly name: string;
  readonly value: string;
  /** White space before the name and after the value. */
  readonly before: string;
  readonly after: string;
}

function pairOf(piece: string): Pair | undefined {
  const equals = piece.indexOf('=');
  if (equals < 0) return undefined;
  const head = piece.slice(0, equals);
  const tail = piece.slice(equals + 1);
  const name = head.trim();
  const value = tail.trim();
  return {
    name,
    value,
    before: head.slice(0, head.length - head.trimStart().length),
    // What stands behind the equals sign is around it as long as nothing comes.
    after: value === '' ? '' : tail.slice(tail.trimEnd().length),
  };
}

/**
 * Shows each cookie of that name to `visit`. Gives the field as it is then, `undefined` where that is as it was, and `''` where nothing is left of
 * it but attributes (`$Version`).
 */
export function editCookieField(field: string, name: string, visit: (value: string) => CookieEdit): string | undefined {
  let out = '';
  let started = false;
  let removed = false;
  // Attributes (RFC 2965 `$Path`) go with the cookie before them.
  let dropping = false;
  let cookies = 0;
  let delimiter = '';
  for (let from = 0; from <= field.length;) {
    const end = endOfPiece(field, from, ';,');
    let piece = field.slice(from, end);
    const pair = pairOf(piece);
    let keep = true;
    if (pair !== undefined) {
      let { value } = pair;
      if (pair.name.startsWith('$')) keep = !dropping;
      else {
        dropping = false;
        cookies++;
      }
      if (pair.name === name) {
        const edit = visit(value);
        if (edit === REMOVED) {
          keep = false;
          dropping = true;
          cookies--;
        } else if (edit !== undefined) value = edit;
      }
      piece = `${pair.before}${pair.name}=${value}${pair.after}`;
    } else if (piece.trim() !== '') {
      dropping = false;
      cookies++;
    } else if (removed) keep = false;
    if (!keep) removed = true;
    else if (!started) out = removed ? piece.trimStart() : piece;
    else if (!removed) out += delimiter + piece;
    else {
      out = `${out.trimEnd()}${delimiter} ${piece.trimStart()}`;
    }
    if (keep) {
      started = true;
      removed = false;
    }
    delimiter = field[end] ?? '';
    from = end + 1;
  }
  if (cookies === 0) return removed || out !== field ? '' : undefined;
  if (removed) out = out.trimEnd();
  return out === field ? undefined : out;
}

/** The first cookie of a Cookie field whose name and value are as wanted. */
export function findCookie(field: string, wanted: (name: string, value: string) => boolean): string | undefined {
  for (let from = 0; from <= field.length;) {
    const end = endOfPiece(field, from, ';,');
    const pair = pairOf(field.slice(from, end));
    if (pair !== undefined && wanted(pair.name, pair.value)) return `${pair.name}=${pair.value}`;
    from = end + 1;
  }
  return undefined;
}

/** The cookie that a Set-Cookie field sets, and the text around its value. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly tail: string;
}

/** Undefined when it sets none. `Set-Cookie2` (RFC 2965) may set several; the first is the one that counts here. */
export function readSetCookie(field: string): SetCookie | undefined {
  const end = endOfPiece(field, 0, ';,');
  const pair = pairOf(field.slice(0, end));
  return pair && { name: pair.name, value: pair.value, tail: pair.after + field.slice(end) };
}
