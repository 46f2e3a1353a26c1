import { type Decode, fields, list, text, yesOrNo } from './decode.ts';
import { FormatError, type Located } from './located.ts';

/** What a text has to be. */
export interface Matcher {
  /** `'x'`, `matching /x/`: what is shown as expected. */
  readonly text: string;
  /** The text itself where it has to be equal to one: differences can be shown. */
  readonly exact: string | undefined;
  /** `undefined` is what is not there. */
  readonly test: (value: string | undefined) => boolean;
}

const quoted = (value: string): string => JSON.stringify(value);

export function equals(wanted: string): Matcher {
  return { text: quoted(wanted), exact: wanted, test: (value) => value === wanted };
}

export const ABSENT: Matcher = { text: 'absent', exact: undefined, test: (value) => value === undefined };
export const PRESENT: Matcher = { text: 'present', exact: undefined, test: (value) => value !== undefined };

const containing = (part: string): Matcher => ({
  text: `containing ${quoted(part)}`,
  exact: undefined,
  test: (value) => value?.includes(part) ?? false,
});

function regular(node: Located): Matcher {
  if (node.kind === 'scalar' && node.value instanceof RegExp) return matching(node.value);
  const source = text('a regular expression')(node);
  try {
    return matching(new RegExp(source, 'u'));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    throw new FormatError(node, `not a regular expression: ${reason}`);
  }
}

const matching = (regex: RegExp): Matcher => ({
  text: `matching /${regex.source}/`,
  exact: undefined,
  // A regular expression with the flag g remembers where it was.
  test: (value) => value !== undefined && value.search(regex) !== -1,
});

function negated(matcher: Matcher): Matcher {
  return { text: `not ${matcher.text}`, exact: undefined, test: (value) => !matcher.test(value) };
}

function any(matchers: readonly Matcher[]): Matcher {
  return {
    text: matchers.map((one) => one.text).join(' or '),
    exact: undefined,
    test: (value) => matchers.some((one) => one.test(value)),
  };
}

function all(matchers: readonly Matcher[]): Matcher {
  if (matchers.length === 1) return matchers[0]!;
  return {
    text: matchers.map((one) => one.text).join(' and '),
    exact: undefined,
    test: (value) => matchers.every((one) => one.test(value)),
  };
}

/**
 * `x` or 5: equal to it; `true`, `false`: present, absent; `{ matches, contains, starts-with, ends-with, not, any-of }`: all of
 * what it says.
 */
export const matcher: Decode<Matcher> = (node) => {
  if (node.kind === 'scalar') {
    if (node.value instanceof RegExp) return matching(node.value);
    if (typeof node.value === 'boolean') return node.value ? PRESENT : ABSENT;
    return equals(text("text, true (present), false (absent) or { matches: '…' }")(node));
  }
  if (node.kind === 'map' && node.entries.length === 0)
    throw new FormatError(node, 'an empty mapping says nothing about what is expected');
  const said = fields('a condition on text', {
    equals: text('text'),
    matches: regular,
    contains: text('text'),
    'starts-with': text('text'),
    'ends-with': text('text'),
    present: yesOrNo,
    not: matcher,
    'any-of': list('conditions', matcher),
  })(node);
  const parts: Matcher[] = [];
  if (said.equals !== undefined) parts.push(equals(said.equals));
  if (said.matches !== undefined) parts.push(said.matches);
  if (said.contains !== undefined) parts.push(containing(said.contains));
  const { 'starts-with': start, 'ends-with': end } = said;
  if (start !== undefined)
    parts.push({
      text: `starting with ${quoted(start)}`,
      exact: undefined,
      test: (value) => value?.startsWith(start) ?? false,
    });
  if (end !== undefined)
    parts.push({
      text: `ending with ${quoted(end)}`,
      exact: undefined,
      test: (value) => value?.endsWith(end) ?? false,
    });
  if (said.present !== undefined) parts.push(said.present ? PRESENT : ABSENT);
  if (said.not !== undefined) parts.push(negated(said.not));
  if (said['any-of'] !== undefined) parts.push(any(said['any-of']));
  return all(parts);
};
