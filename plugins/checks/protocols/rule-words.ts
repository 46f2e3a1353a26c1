import type { Endpoint, Expression, Format, Place, Scope, Words } from 'sluice/plugin';
import { isIP } from 'node:net';
import { parseVariable, setting } from '../../tcp-rules/variables.ts';
import type { ActionStep, CommentStep, ConnectStep } from './steps.ts';

/** Where samples of these rules are evaluated. */
export const PLACES: readonly Place[] = ['be-check'];

/** Refuses a rule, in the shape in which HAProxy does. */
export function refuse(words: Words, rule: string, message: string): never {
  return words.fail(`'${rule}' : ${message}`);
}

/** The next word, which must not be empty. */
export function argument(words: Words, rule: string, message: string): string {
  if (words.remaining === 0 || words.peek() === '') refuse(words, rule, message);
  return words.next('a word');
}

export function formatOf(text: string, words: Words, scope: Scope): Format {
  return scope.format(text, words, PLACES);
}

/** Bytes in hexadecimal digits, as a byte string. */
export function readHex(text: string, words: Words, rule: string): string {
  const wrong = /[^0-9a-f]/i.exec(text)?.[0];
  if (wrong !== undefined)
    refuse(words, rule, `'${text}' invalid binary string (an hex digit is expected (found '${wrong}')).`);
  if (text.length % 2 !== 0)
    refuse(words, rule, `'${text}' invalid binary string (an even number of hex digit is expected).`);
  return Buffer.from(text, 'hex').toString('latin1');
}

/** `comment <text>`, which may end a rule. */
export function readComment(words: Words, rule: string): string | undefined {
  if (words.remaining === 0) return undefined;
  const word = words.next('a comment');
  if (word !== 'comment') refuse(words, rule, `expects 'comment' but got '${word}' as argument.`);
  const comment = argument(words, rule, `'comment' expects a string as argument.`);
  if (words.remaining > 0) refuse(words, rule, `expects no more words but got '${words.next('nothing')}' as argument.`);
  return comment;
}

/** The rule `comment <text>`. HAProxy reads one word, and does not say so of those behind it. */
export function readCommentRule(words: Words, rule: string): CommentStep {
  const comment = argument(words, rule, 'expects a string as argument.');
  if (words.rest().length > 0)
    words.warn(`'${rule}' : only '${comment}' is the comment: quote it, or escape its spaces`);
  return { kind: 'comment', comment };
}

function readPort(words: Words, scope: Scope, rule: string): number | Expression {
  if (words.remaining === 0 || words.peek() === '')
    refuse(words, rule, `'port' expects a port number or a sample expression as argument.`);
  const text = words.peek()!;
  if (!/^\d+$/.test(text)) return scope.expression(words, PLACES);
  const port = Number(words.next('a port'));
  if (port < 1 || port > 65535)
    refuse(words, rule, `expects a valid TCP port (from range 1 to 65535) or a sample expression, got ${text}.`);
  return port;
}

/** An address that needs no resolver: IP, with or without a port, or the path of a UNIX socket. */
export function readAddress(text: string, words: Words, rule: string): Endpoint {
  if (text.startsWith('/') || text.startsWith('unix@'))
    return { family: 'unix', address: text.replace(/^unix@/, ''), port: 0 };
  const bare = text.replace(/^(?:ipv[46]|tcp[46]?)@/, '');
  if (isIP(bare) !== 0) return { family: isIP(bare) as 4 | 6, address: bare, port: 0 };
  const [, six, other, port] = /^(?:\[([^\]]*)\]|([^:]*|.*)):(\d*)$/.exec(bare) ?? [];
  const host = six ?? other ?? '';
  if (isIP(host) === 0 || Number(port) > 65535)
    refuse(words, rule, `'addr' : invalid address: '${text}' in '${text}'.`);
  return { family: isIP(host) as 4 | 6, address: host, port: Number(port) };
}

const CONNECT_WORDS =
  "'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', 'default'";

/** The words of `tcp-check connect` and `http-check connect`; `muxes` are the protocols that `proto` may name here. */
export function readConnect(words: Words, scope: Scope, rule: string, muxes: readonly string[]): ConnectStep {
  const made: { -readonly [K in keyof ConnectStep]: ConnectStep[K] } = {
    kind: 'connect',
    sendProxy: false,
    asServer: false,
    linger: false,
  };
  while (words.remaining > 0) {
    const word = words.next('a word');
    switch (word) {
      case 'default':
        made.asServer = true;
        break;
      case 'linger':
        made.linger = true;
        break;
      case 'send-proxy':
        made.sendProxy = true;
        break;
      case 'port':
        made.port = readPort(words, scope, rule);
        break;
      case 'addr':
        made.address = readAddress(argument(words, rule, `'addr' expects <ipv4|ipv6> as argument.`), words, rule);
        break;
      case 'comment':
        made.comment = argument(words, rule, `'comment' expects a string as argument.`);
        break;
      case 'proto': {
        const name = argument(words, rule, `'proto' expects a MUX protocol as argument.`);
        if (name === 'h2' && muxes.includes('h1')) refuse(words, rule, `'proto h2' is not built yet.`);
        if (!['h1', 'h2', 'none', 'fcgi', 'spop'].includes(name))
          refuse(words, rule, `'proto' : unknown MUX protocol '${name}'.`);
        if (!muxes.includes(name))
          refuse(words, rule, `'proto' : invalid MUX protocol '${name}' for ${rule.split(' ')[0]!}`);
        break;
      }
      case 'sni':
      case 'alpn': {
        const expected = word === 'sni' ? `'sni' expects a string` : `'alpn' expects a list of protocols`;
        argument(words, rule, `${expected} as argument.`);
        refuse(words, rule, `'${word}' is not built yet: there is no TLS.`);
        break;
      }
      case 'ssl':
        refuse(words, rule, `'ssl' is not built yet: there is no TLS.`);
        break;
      case 'via-socks4':
        refuse(words, rule, `'via-socks4' is not built yet.`);
        break;
      default:
        refuse(words, rule, `expects ${CONNECT_WORDS} but got '${word}' as argument.`);
    }
  }
  return made;
}

/** `set-var(…)`, `set-var-fmt(…)` and `unset-var(…)`: undefined for any other word. */
export function readVariableAction(word: string, words: Words, scope: Scope): ActionStep | undefined {
  const action = /^(set-var-fmt|set-var|unset-var)(?:\(|$)/.exec(word)?.[1];
  if (action === undefined) return undefined;
  const rule = `${words.keyword} ${word}`;
  const variable = parseVariable(word, words, action);
  const { scope: place, name, conditions } = variable;
  if (place !== 'proc' && place !== 'sess' && place !== 'check')
    words.warn(`'${rule}' has no effect: health checks have variables of 'proc', 'sess' and 'check' only.`);
  if (action === 'unset-var') {
    if (conditions.length > 0) words.fail(`'unset-var' takes no conditions`);
    words.end();
    return { kind: 'action', run: (scene) => scene.transaction.setVariable(place, name, undefined) };
  }
  if (words.remaining === 0)
    words.fail(`'${rule}' : '${action}' : missing ${action === 'set-var' ? 'fetch method' : 'log-format string'}.`);
  const expression = action === 'set-var' ? scope.expression(words, PLACES) : undefined;
  const format = expression === undefined ? formatOf(words.next('a log-format string'), words, scope) : undefined;
  words.end();
  const set = setting(variable, (transaction) => (expression ?? format!).evaluate(transaction));
  return { kind: 'action', run: (scene) => void set.run(scene.transaction) };
}
