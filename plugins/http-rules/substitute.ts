/**
 * Puts the groups of a match into a replacement: `\0` the whole match, `\1` to `\9` its groups (nothing where there is none),
 * a backslash before anything else stands for that.
 */
export function substitute(replacement: string, match: RegExpExecArray): string {
  if (!replacement.includes('\\')) return replacement;
  return replacement.replace(/\\(.)/gs, (_whole, next: string) =>
    next >= '0' && next <= '9' ? (match[Number(next)] ?? '') : next,
  );
}

/** A backslash at the end before nothing: HAProxy takes it for a rewrite that cannot be done. */
export function isBroken(replacement: string): boolean {
  return replacement.endsWith('\\') && /(?:^|[^\\])(?:\\\\)*\\$/.test(replacement);
}

/** The first match; whatever the expression has matched before does not count. */
export function firstMatch(regex: RegExp, text: string): RegExpExecArray | null {
  regex.lastIndex = 0;
  return regex.exec(text);
}
