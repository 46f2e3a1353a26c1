import { dirname, resolve } from 'node:path';
import { didYouMean } from '../config/nearest.ts';
import {
  date,
  type Decode,
  expected,
  fields,
  integer,
  list,
  oneOf,
  oneOrMore,
  type Placed,
  placed,
  table,
  text,
  time,
  yesOrNo,
} from './decode.ts';
import { FormatError, type Located } from './located.ts';
import { expectations } from './read-expect.ts';
import { origins } from './read-origins.ts';
import { request, type RequestDefaults, requestDefaults, tcpExchange } from './read-request.ts';
import type { Case, Given, ServerCondition, Step, Suite } from './suite.ts';

const CONDITIONS: readonly ServerCondition[] = ['up', 'down', 'drain', 'maint'];
const condition = oneOf('state of a server', CONDITIONS);

const given: Decode<readonly Given[]> = (node) => {
  if (node.kind === 'map')
    return table('servers and states', condition)(node).map(([server, state]) => ({ server, condition: state }));
  return oneOrMore(sentence)(node);
};

/** `server web/s1 is down`. */
const sentence: Decode<Given> = (node) => {
  const written = text("a sentence, like 'server web/s1 is down'")(node);
  const [, server, state] = /^(?:(?:server|backend)\s+)?(\S+)\s+is\s+(\S+)$/.exec(written.trim()) ?? [];
  if (server === undefined) expected("a sentence, like 'server web/s1 is down'", node);
  return { server: { value: server, place: node }, condition: condition({ ...node, kind: 'scalar', value: state! }) };
};

const reason: Decode<boolean | string> = (node) =>
  node.kind === 'scalar' && typeof node.value === 'boolean' ? node.value : text('true, false or a reason')(node);

const stepShape = (defaults: RequestDefaults) =>
  ({
    name: text('a name'),
    given,
    after: time,
    meanwhile: time,
    at: date,
    request: request(defaults),
    tcp: tcpExchange(defaults),
    connection: oneOf('connection', ['same', 'new']),
    repeat: integer('a number of times', 1, 100_000),
    'at-once': integer('a number of requests', 1, 1000),
    expect: expectations,
  }) as const;

type StepFields = ReturnType<ReturnType<typeof fields<ReturnType<typeof stepShape>>>>;

function toStep(node: Located, said: StepFields): Step {
  if (said.request !== undefined && said.tcp !== undefined)
    throw new FormatError(node, 'a request and tcp cannot both be given: which is it?');
  const does = said.request ?? said.tcp;
  const { expect, repeat } = said;
  if (does === undefined && expect !== undefined)
    throw new FormatError(expect.place, 'nothing can be expected without a request or tcp');
  if (said['at-once'] !== undefined && (repeat === undefined || repeat < said['at-once']))
    throw new FormatError(node, "'at-once' says how many of those of 'repeat' are sent at a time; it cannot be more");
  if (said['at-once'] !== undefined && said.connection === 'same')
    throw new FormatError(node, "requests that are sent at once have a connection each; 'connection: same' cannot be");
  if (expect !== undefined && does !== undefined) checkKinds(expect, does.kind, repeat !== undefined);
  return {
    name: said.name,
    place: node,
    given: said.given ?? [],
    after: said.after ?? 0,
    meanwhile: said.meanwhile ?? 0,
    at: said.at,
    does,
    connection: said.connection ?? (repeat === undefined ? 'same' : 'new'),
    repeat: repeat ?? 1,
    atOnce: said['at-once'] ?? 1,
    expect,
  };
}

/** What can never come true. */
function checkKinds(expect: NonNullable<Step['expect']>, kind: 'http' | 'tcp', repeated: boolean): void {
  const refuse = (key: string, why: string): never => {
    throw new FormatError(expect.place, `'${key}' cannot be expected ${why}`);
  };
  if (!repeated && expect.servers.length > 0) refuse('servers', "without 'repeat'; 'server' names the one");
  if (!repeated && expect.statuses.length > 0) refuse('statuses', "without 'repeat'; 'status' names the one");
  if (kind === 'http' && expect.receive !== undefined) refuse('receive', "of a request; 'body' is what came back");
  if (kind === 'http' && typeof expect.origin === 'object' && expect.origin.receive !== undefined)
    refuse('origin: receive', "of a request; 'origin: body' is what arrived");
  if (kind === 'http') return;
  if (expect.status.length > 0 || expect.statuses.length > 0) refuse('status', 'of a TCP connection');
  if (expect.headers.length > 0) refuse('headers', 'of a TCP connection');
  for (const key of ['reason', 'body', 'location', 'answeredBy'] as const)
    if (expect[key] !== undefined) refuse(key === 'answeredBy' ? 'answered-by' : key, 'of a TCP connection');
}

const COMPARED =
  'frontend backend server status reason headers body answered-by connection receive origin variables'.split(' ');

const mayDiffer: Decode<string> = (node) => {
  const written = text('something that is compared')(node).toLowerCase();
  const [what = ''] = written.split('.');
  if (!COMPARED.includes(what))
    throw new FormatError(
      node,
      `'${written}' is not compared, expected ${COMPARED.join(', ')}${didYouMean(what, COMPARED)}`,
    );
  return written;
};

const testCase =
  (defaults: RequestDefaults): Decode<Case> =>
  (node) => {
    const shape = stepShape(defaults);
    const said = fields(
      'a case',
      {
        ...shape,
        steps: list('steps', (one: Located) => toStep(one, fields('a step', shape)(one))),
        origins,
        cookies: oneOf('word on cookies', ['keep', 'ignore']),
        skip: reason,
        only: yesOrNo,
        haproxy: reason,
        'may-differ': oneOrMore(mayDiffer),
      },
      ['name'],
    )(node);
    const { steps, skip, haproxy } = said;
    if (steps !== undefined) {
      for (const key of ['request', 'tcp', 'expect', 'repeat', 'at-once', 'connection', 'meanwhile'] as const)
        if (said[key] !== undefined)
          throw new FormatError(node, `beside 'steps', '${key}' has to stand in one of them`);
      if (steps.length === 0) throw new FormatError(node, "'steps' is empty");
    } else if (said.request === undefined && said.tcp === undefined)
      throw new FormatError(node, "a case needs 'request', 'tcp' or 'steps'");
    const own = toStep(node, said);
    if (!(steps ?? [own]).some(({ expect }) => expect !== undefined))
      throw new FormatError(node, "the case expects nothing: it would pass whatever happens; it needs 'expect'");
    const numbered = steps?.map((step, index): Step => ({ ...step, name: step.name ?? `step ${index + 1}` }));
    const prepares = own.given.length + own.after > 0 || own.at !== undefined;
    return {
      name: said.name!,
      place: node,
      // What the case is given comes before its first step.
      steps: numbered === undefined ? [own] : prepares ? [{ ...own, name: 'given' }, ...numbered] : numbered,
      origins: said.origins ?? [],
      keepsCookies: said.cookies === 'keep',
      skip: skip === true ? '' : skip === false ? undefined : skip,
      only: said.only ?? false,
      mayDiffer: said['may-differ'] ?? [],
      notWithHaproxy: haproxy === false ? '' : haproxy === true ? undefined : haproxy,
    };
  };

const top = {
  configuration: oneOrMore(placed(text('a file'))),
  directory: text('a folder'),
  environment: table('environment variables', text('a value')),
  paths: table('beginnings of paths', text('a path')),
  without: list('beginnings of lines', placed(text('the beginning of a line'))),
  origins,
  request: requestDefaults,
  cases: (node: Located): readonly Located[] => (node.kind === 'list' ? node.items : expected('a list of cases', node)),
};

/** Reads a whole file; gives all that is wrong with it, case by case. */
export function readSuite(node: Located, file: string): Suite | readonly FormatError[] {
  const errors: FormatError[] = [];
  const guard = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const said = guard(() => fields('the file', top, ['configuration', 'cases'])(node));
  if (said === undefined) return errors;
  const defaults = said.request ?? {};
  const cases = said.cases!.flatMap((one) => guard(() => testCase(defaults)(one)) ?? []);
  if (errors.length === 0 && cases.length === 0) errors.push(new FormatError(node, 'the file has no cases'));
  if (errors.length > 0) return errors;
  const folder = dirname(resolve(file));
  const configuration = said.configuration!.map((one): Placed<string> => ({
    ...one,
    value: resolve(folder, one.value),
  }));
  return {
    file,
    configuration,
    directory: said.directory === undefined ? dirname(configuration[0]!.value) : resolve(folder, said.directory),
    environment: Object.fromEntries((said.environment ?? []).map(([{ value }, one]) => [value, one])),
    paths: (said.paths ?? []).map(([{ value }, to]) => [value, resolve(folder, to)] as const),
    without: said.without ?? [],
    origins: said.origins ?? [],
    cases,
  };
}
