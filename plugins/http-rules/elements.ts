import type { Regex } from 'sluice/plugin';
import { substitute } from './substitute.ts';

/** Where the next comma outside quotes is; the end of the value if there is none. RFC 9110 section 5.6.1. */
function elementEnd(value: string, from: number): number {
  let quoted = false;
  for (let at = from; at < value.length; at++) {
    const character = value[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) return at;
  }
  return value.length;
}

/**
 * Puts the replacement in the place of the elements of a list that match; the white space around those goes too, as with
 * HAProxy. Undefined when none matches.
 */
export function replaceElements(value: string, regex: Regex, replacement: string): string | undefined {
  let result = '';
  let changed = false;
  for (let from = 0; ;) {
    const end = elementEnd(value, from);
    const element = value.slice(from, end);
    const trimmed = element.replace(/^[ \t]+|[ \t]+$/g, '');
    const match = trimmed === '' ? undefined : regex.find(trimmed, 0);
    result += match ? substitute(replacement, trimmed, match) : element;
    changed ||= match !== undefined;
    if (end === value.length) return changed ? result : undefined;
    result += ',';
    from = end + 1;
  }
}
