/**
 * Puts the groups of a match into a replacement: `\0` the whole match, `\1` to `\9` its groups (nothing where there is none),
 * a backslash before anything else stands for that.
 */
export function substitute(replacement: string, subject: string, match: readonly number[]): string {
  if (!replacement.includes('\\')) return replacement;
  return replacement.replace(/\\(.)/gs, (_whole, next: string) =>
    next >= '0' && next <= '9' ? groupOf(subject, match, Number(next)) : next,
  );
}

/** A backslash at the end before nothing: HAProxy takes it for a rewrite that cannot be done. */
export function isBroken(replacement: string): boolean {
  return replacement.endsWith('\\') && /(?:^|[^\\])(?:\\\\)*\\$/.test(replacement);
}

/** Offsets as {@link Regex.find} gives them; -1 for a group that took no part. */
function groupOf(subject: string, match: readonly number[], group: number): string {
  const start = match[2 * group] ?? -1;
  return start < 0 ? '' : subject.slice(start, match[2 * group + 1]);
}
