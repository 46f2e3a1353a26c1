import { toText } from './decode.ts';
import { headerOf, type Outcome } from './outcome.ts';
import type { ProgramResult } from './run-suite.ts';
import type { Seen } from './stand-in.ts';
import type { Step } from './suite.ts';

/** Something that two programs did not do alike, whether or not the case asks for it. */
export interface Difference {
  readonly step: Step;
  readonly what: string;
  /** By the programs' names. */
  readonly values: readonly (readonly [program: string, value: string])[];
}

/** Compares what two programs did, request by request. Lines of logs are not: they hold times. */
export function compare(ours: ProgramResult, theirs: ProgramResult, mayDiffer: readonly string[]): Difference[] {
  const differences: Difference[] = [];
  for (const [index, { step, outcomes }] of ours.steps.entries()) {
    const others = theirs.steps[index]?.outcomes ?? [];
    // Of many requests at a time nobody knows which was first.
    if (step.atOnce > 1) continue;
    for (const [n, outcome] of outcomes.entries()) {
      const other = others[n];
      if (other === undefined) continue;
      const before = differences.length;
      for (const [what, mine, his] of pairs(outcome, other)) {
        if (mine === his || (what === 'connection' && isUnfinished(step)) || isAllowed(what, mayDiffer)) continue;
        const where = outcomes.length === 1 ? what : `${what} (request ${n + 1} of ${outcomes.length})`;
        differences.push({
          step,
          what: where,
          values: [
            [ours.program, mine ?? 'absent'],
            [theirs.program, his ?? 'absent'],
          ],
        });
      }
      // Those that follow would mostly say the same.
      if (differences.length > before) break;
    }
  }
  return differences;
}

/** `headers` allows `headers.date`, too. */
function isAllowed(what: string, mayDiffer: readonly string[]): boolean {
  return mayDiffer.some((one) => what === one || what.startsWith(`${one}.`));
}

/** Whether a connection is kept whose request was not read to its end, or was not sent so far, is a question of who is faster. */
function isUnfinished({ does }: Step): boolean {
  if (does?.kind !== 'http') return false;
  return does.body !== undefined || does.headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name));
}

type Pair = readonly [what: string, ours: string | undefined, theirs: string | undefined];

function pairs(ours: Outcome, theirs: Outcome): Pair[] {
  const both = (what: string, of: (outcome: Outcome) => string | number | undefined): Pair => [
    what,
    show(of(ours)),
    show(of(theirs)),
  ];
  const found: Pair[] = [
    both('status', ({ response }) => response?.status),
    both('reason', ({ response }) => response?.reason),
    both('body', ({ response }) => response && toText(response.body)),
    both('answered-by', ({ answeredBy }) => answeredBy),
    both('connection', ({ closed }) => (closed === 'open' ? 'open' : 'closed')),
    both('receive', ({ received }) => toText(received)),
    both('origin', ({ seen }) => seen.map(({ standIn }) => standIn.name).join(', ') || 'none'),
  ];
  for (const what of ['frontend', 'backend', 'server'] as const) {
    const [mine, his] = [ours.observation[what], theirs.observation[what]];
    if (mine !== undefined && his !== undefined) found.push([what, mine ?? 'none', his ?? 'none']);
  }
  const headers = (outcome: Outcome): Headers => outcome.response?.headers ?? [];
  for (const name of namesOf(headers(ours), headers(theirs))) {
    found.push([`headers.${name}`, headerOf(headers(ours), name), headerOf(headers(theirs), name)]);
  }
  for (const name of ours.observation.variables.keys()) {
    const [mine, his] = [ours.observation.variables.get(name), theirs.observation.variables.get(name)];
    if (his !== undefined) found.push([`variables.${name}`, mine ?? undefined, his ?? undefined]);
  }
  return [...found, ...origins(ours.served, theirs.served)];
}

function origins(ours: Seen | undefined, theirs: Seen | undefined): Pair[] {
  if (ours === undefined || theirs === undefined) return [];
  const [mine, his] = [ours.request, theirs.request];
  if (mine === undefined || his === undefined)
    return [['origin.receive', toText(ours.bytes()), toText(theirs.bytes())]];
  const lower = (list: Headers): Headers => list.map(([name, value]) => [name.toLowerCase(), value] as const);
  const [a, b] = [lower(mine.headers.list), lower(his.headers.list)];
  return [
    ['origin.method', mine.method, his.method],
    ['origin.url', mine.url, his.url],
    ['origin.body', mine.body.toString('latin1'), his.body.toString('latin1')],
    ['origin.source', ours.source(), theirs.source()],
    ...namesOf(a, b).map((name): Pair => [`origin.headers.${name}`, headerOf(a, name), headerOf(b, name)]),
  ];
}

type Headers = readonly (readonly [name: string, value: string])[];

const namesOf = (a: Headers, b: Headers): string[] => [...new Set([...a, ...b].map(([name]) => name))];

const show = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);
