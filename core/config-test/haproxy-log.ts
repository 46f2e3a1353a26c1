import type { LogField } from './read-expect.ts';

type Fields = Readonly<Partial<Record<LogField, string>>>;

const TIMES = String.raw`\+?-?\d+(?:/\+?-?\d+)*`;
const ROUTE = String.raw`(?<frontend>[^ ~]+)~? (?<backend>[^ /]+)/(?<server>\S+)`;
const COUNTS = String.raw`\d+/\d+/\d+/\d+/\+?(?<retries>\d+) \d+/\d+`;
/** configuration.txt 8.2.2 and 8.2.3: `option tcplog`, `option httplog`. */
const TCP = new RegExp(String.raw`^\S+:\d+ \[[^\]]+\] ${ROUTE} ${TIMES} \+?\d+ (?<termination>\S\S) ${COUNTS}$`);
const HTTP = new RegExp(
  String.raw`^\S+:\d+ \[[^\]]+\] ${ROUTE} ${TIMES} (?<status>-?\d+) \+?\d+ \S+ \S+ (?<termination>\S{4}) ${COUNTS}` +
    String.raw`(?: \{(?<first>[^}]*)\})?(?: \{(?<second>[^}]*)\})? "(?<request>.*)"$`,
);

/** The fields of a line in one of HAProxy's own formats; none of a line in another one. */
export function parseLogLine(line: string): Fields {
  const groups = (HTTP.exec(line) ?? TCP.exec(line))?.groups;
  if (groups === undefined) return {};
  const fields: Partial<Record<LogField, string>> = {};
  for (const field of ['frontend', 'backend', 'server', 'status', 'termination', 'retries', 'request'] as const) {
    const value = groups[field];
    if (value !== undefined) fields[field] = value;
  }
  const { first, second } = groups;
  // One pair of braces alone could be of either side.
  if (first !== undefined && second !== undefined) {
    fields['request-captures'] = first;
    fields['response-captures'] = second;
  }
  return fields;
}
