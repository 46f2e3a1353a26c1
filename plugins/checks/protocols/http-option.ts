import type { CheckKeyword, Format, Scope, Words } from 'sluice/plugin';
import { play } from './dialogue.ts';
import { PLAIN } from './expectation.ts';
import { expectHttp } from './http-expect.ts';
import { FIRST_REQUEST, type HttpRequest } from './http-request.ts';
import { formatOf } from './rule-words.ts';
import { CHECK_RULES, type CheckRules } from './rules.ts';
import type { Script, Step } from './steps.ts';

const IS_WELL: Step = expectHttp({ kind: 'status', ranges: [[200, 399]] }, false, PLAIN);

/** The rules with what they leave to be understood: a request, and that its response must say that all is well. */
function completeSteps({ http: { steps } }: CheckRules): Step[] {
  const made = [...steps];
  if (!made.some(({ kind }) => kind === 'send')) {
    const connect = made.findIndex(({ kind }) => kind === 'connect');
    const expect = made.findIndex(({ kind }) => kind === 'expect');
    made.splice(connect >= 0 ? connect + 1 : expect >= 0 ? expect : made.length, 0, FIRST_REQUEST);
  }
  const lastOf = (wanted: Step['kind']): number => made.findLastIndex(({ kind }) => kind === wanted);
  if (lastOf('expect') < lastOf('send')) made.push(IS_WELL);
  return made;
}

/** Headers and a body behind the version, as they were given before `http-check send`. */
function readHidden(text: string, words: Words): Pick<HttpRequest, 'headers' | 'body'> {
  // It begins behind the end of a line.
  const end = `\r\n${text}`.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const body = end < 0 ? '' : text.slice(end + 2);
  const headers = head
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) words.fail(`'option httpchk' : unable to parse the request '${text}'.`);
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
  words.warn(
    `'option httpchk' : hiding headers or body at the end of the version string is deprecated. ` +
      `Please, consider to use 'http-check send' directive instead.`,
  );
  return { ...(headers.length > 0 ? { headers } : {}), ...(body === '' ? {} : { body }) };
}

/** `[[<method>] <uri> [<version> [<host>]]]`. */
function readRequest(words: Words, scope: Scope): HttpRequest {
  const given: string[] = [];
  while (words.remaining > 0 && given.length < 4) given.push(words.next('a word'));
  if (words.remaining > 0) words.fail(`'option httpchk' cannot handle unexpected argument '${words.next('nothing')}'.`);
  const [first = '', second = '', version = '', host = ''] = given;
  if (first === '') return {};
  if (second === '') return { uri: first };
  const made: { -readonly [K in keyof HttpRequest]: HttpRequest[K] } = { method: first, uri: second };
  const lineEnd = version.indexOf('\r\n');
  if (version !== '') made.version = lineEnd < 0 ? version : version.slice(0, lineEnd);
  if (lineEnd >= 0) Object.assign(made, readHidden(version.slice(lineEnd + 2), words));
  if (host !== '') {
    const value: Format = formatOf(host, words, scope);
    made.headers = [['host', value], ...(made.headers ?? [])];
  }
  return made;
}

const scripts = new WeakMap<CheckRules, Script>();

export const httpchk: CheckKeyword = {
  usage: 'option httpchk [ [ <method> ] <uri> [ <version> [ <host> ] ] ]',
  summary: 'Checks servers with an HTTP request; http-check says which, and what has to come back.',
  parse(words, scope) {
    const rules = scope.proxy.extension(CHECK_RULES);
    const request = readRequest(words, scope);
    if (rules.http.inherited) rules.http = { steps: [], inherited: false };
    rules.request = rules.requestByRule && !rules.requestInherited ? { ...rules.request, ...request } : request;
    rules.requestByRule &&= !rules.requestInherited;
    rules.requestInherited = false;
    const { settings } = scope.global;
    return (server, attempt) => {
      const own = server.backend.extension(CHECK_RULES) ?? rules;
      let script = scripts.get(own);
      if (script === undefined) scripts.set(own, (script = { steps: completeSteps(own), traced: false, settings }));
      return play(script, server, attempt);
    };
  },
};
