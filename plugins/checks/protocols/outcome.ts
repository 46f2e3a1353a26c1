import type { CheckCode, CheckResult } from 'sluice/plugin';

const PASSED: ReadonlySet<string> = new Set(['L4OK', 'L6OK', 'L7OK', 'PROCOK']);

/** Results that tell the protocol's own code besides. */
const CODED: ReadonlySet<string> = new Set(['L7OK', 'L7OKC', 'L7STS', 'PROCOK', 'PROCERR', 'PROCTOUT']);

/** A result with the outcome that belongs to its code. */
export function result(code: CheckCode, info?: string, l7code?: number): CheckResult {
  const outcome = PASSED.has(code) ? 'passed' : code === 'L7OKC' ? 'conditional' : 'failed';
  return { code, outcome, info, l7code: CODED.has(code) ? l7code : undefined };
}

/** HAProxy has this much room for an information. */
const LONGEST_INFO = 127;

/** An information as it is told: it ends at a NUL byte, and is cut when long. */
export function asInfo(text: string): string {
  const nul = text.indexOf('\0');
  return (nul < 0 ? text : text.slice(0, nul)).slice(0, LONGEST_INFO);
}

/** A byte string without what follows its first line. */
export function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end < 0 ? text : text.slice(0, end);
}

/** The comment that ends a message. */
export const commented = (info: string, comment: string | undefined): string =>
  comment === undefined ? info : `${info} comment: ${comment}`;

/** The same where HAProxy quotes it. */
export const commentedInQuotes = (info: string, comment: string | undefined): string =>
  comment === undefined ? info : `${info} comment: '${comment}'`;
