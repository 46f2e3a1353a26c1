import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import { ANYWHERE, lacks, needsHttp } from '../proxy/place.ts';
import { forward } from './forward.ts';
import { readNetwork, type Network } from './network.ts';
import { FORWARDING, type Forwarded, type Parameter } from './settings.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads a header name, gives it in lower case. */
function headerName(words: Words): string {
  const name = words.next('a header name');
  if (!TOKEN.test(name)) words.fail(`'${name}' is no header name`);
  return name.toLowerCase();
}

function addressOption(
  which: 'forwardfor' | 'originalto',
  header: string,
  usage: string,
  summary: string,
  optional: readonly ('except' | 'header' | 'if-none')[],
): DirectiveKeyword {
  return {
    usage,
    summary,
    in: ANYWHERE,
    parse(words: Words, scope: Scope) {
      let name = header;
      let except: Network | undefined;
      let ifNone = false;
      while (words.remaining > 0) {
        const word = words.oneOf(optional.join(', '), optional);
        if (word === 'except') except = readNetwork(words);
        else if (word === 'header') name = headerName(words);
        else ifNone = true;
      }
      scope.proxy.extension(FORWARDING)[which] = { name, except, ifNone };
      scope.proxy.beforeForward(forward);
      needsHttp(words, scope);
    },
  };
}

const PARAMETERS = {
  proto: 'proto',
  host: 'host',
  by: 'by',
  by_port: 'byPort',
  for: 'for',
  for_port: 'forPort',
} as const;
type ParameterWord = keyof typeof PARAMETERS;
const WORDS = Object.keys(PARAMETERS).flatMap((word) => (word === 'proto' ? [word] : [word, `${word}-expr`]));

const forwarded: DirectiveKeyword = {
  usage:
    'option forwarded [ proto ] [ host | host-expr <expr> ] [ by | by-expr <expr> ] [ by_port | by_port-expr <expr> ] ' +
    '[ for | for-expr <expr> ] [ for_port | for_port-expr <expr> ]',
  summary: 'Adds a Forwarded header (RFC 7239) for the server.',
  in: ANYWHERE,
  negatable: true,
  parse(words, scope) {
    if (words.form !== 'plain') {
      words.end();
      scope.proxy.extension(FORWARDING).forwarded = undefined;
      return;
    }
    const wanted: Forwarded = {
      proto: false,
      host: undefined,
      by: undefined,
      byPort: undefined,
      for: undefined,
      forPort: undefined,
    };
    if (words.remaining === 0) {
      wanted.proto = true;
      wanted.for = 'own';
    }
    while (words.remaining > 0) {
      const word = words.oneOf(WORDS.join(', '), WORDS);
      const field = PARAMETERS[word.replace('-expr', '') as ParameterWord];
      if (field === 'proto') wanted.proto = true;
      else {
        const value: Parameter = word.endsWith('-expr') ? scope.expression(words, ['be-http-request']) : 'own';
        wanted[field] = value;
      }
    }
    if (lacks('backend', words, scope)) return;
    scope.proxy.extension(FORWARDING).forwarded = wanted;
    scope.proxy.beforeForward(forward);
    needsHttp(words, scope);
  },
};

/** A request that bears these would not be framed or routed as before. */
const NEVER = ['host', 'content-length', 'transfer-encoding', 'connection'];

export const words: Record<string, DirectiveKeyword> = {
  'option forwardfor': addressOption(
    'forwardfor',
    'x-forwarded-for',
    'option forwardfor [ except <network> ] [ header <name> ] [ if-none ]',
    "Adds an X-Forwarded-For header with the client's address for the server.",
    ['except', 'header', 'if-none'],
  ),
  'option originalto': addressOption(
    'originalto',
    'x-original-to',
    'option originalto [ except <network> ] [ header <name> ]',
    'Adds an X-Original-To header with the address the client connected to.',
    ['except', 'header'],
  ),
  'option forwarded': forwarded,
  'http-send-name-header': {
    usage: 'http-send-name-header <name>',
    summary: "Sends the server's name in that header, in the place of any other.",
    in: ANYWHERE,
    parse(line: Words, scope: Scope) {
      const name = headerName(line);
      if (NEVER.includes(name)) line.fail(`'${line.keyword}' cannot use the header '${name}'`);
      line.end();
      if (!lacks('backend', line, scope)) scope.proxy.settings.sendNameHeader = name;
    },
  },
  'unique-id-format': {
    usage: 'unique-id-format <log-format>',
    summary: 'How the id of a request is made.',
    in: ANYWHERE,
    parse(line, scope) {
      const text = line.next('a log-format string');
      line.end();
      scope.proxy.settings.uniqueIdFormat = scope.format(text, line, ['fe-http-request', 'log']);
    },
  },
  'unique-id-header': {
    usage: 'unique-id-header <name>',
    summary: "Sends the request's id in that header.",
    in: ANYWHERE,
    parse(line, scope) {
      const name = headerName(line);
      line.end();
      scope.proxy.settings.uniqueIdHeader = name;
      scope.proxy.beforeForward(forward);
    },
  },
};
