import { bytes, type Decode, fields, integer, list, oneOrMore, table, text, time, yesOrNo } from './decode.ts';
import { FormatError } from './located.ts';
import type { Answer, OriginScripts, Script } from './suite.ts';

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Header fields to send: a text, or several of one name. */
export const sentHeaders: Decode<readonly (readonly [string, string])[]> = (node) =>
  table(
    'header fields',
    oneOrMore(text('a value')),
  )(node).flatMap(([{ value: name, place }, values]) => {
    if (!TOKEN.test(name)) throw new FormatError(place, `'${name}' is no name of a header field`);
    for (const value of values)
      if (/[\r\n\0]/.test(value)) throw new FormatError(place, `the value of '${name}' has a line end in it`);
    return values.map((value) => [name, value] as const);
  });

const read = fields('an origin', {
  status: integer('a status', 100, 999),
  reason: text('a reason'),
  headers: sentHeaders,
  body: bytes,
  delay: time,
  reset: yesOrNo,
  close: yesOrNo,
  refuse: yesOrNo,
  send: bytes,
  greeting: bytes,
  sequence: (node): readonly Script[] => list('answers', script)(node),
});

export const script: Decode<Script> = (node) => {
  const said = read(node);
  const { sequence, refuse, greeting, reset, close, ...rest } = said;
  if (sequence !== undefined) {
    if (sequence.length === 0) throw new FormatError(node, 'a sequence needs at least one answer');
    if (Object.keys(rest).length > 0 || reset !== undefined || close !== undefined)
      throw new FormatError(node, 'beside a sequence, only refuse and greeting can be given');
    return { refuses: refuse ?? false, greeting, answers: sequence.flatMap(({ answers }) => answers) };
  }
  const { status, reason, headers, body, delay, send } = said;
  const silent = status === undefined && body === undefined && headers === undefined && send === undefined;
  if (reset === true && !silent) throw new FormatError(node, 'reset is in the place of an answer');
  const answer: Answer = {
    status: status ?? 200,
    reason,
    headers: headers ?? [],
    body,
    delay: delay ?? 0,
    send,
    ends: reset === true ? 'resets' : close === true ? (silent ? 'closes at once' : 'closes') : 'keeps',
  };
  return { refuses: refuse ?? false, greeting, answers: [answer] };
};

export const origins: Decode<OriginScripts> = table('origins, by backend or backend/server', script);

/** What a stand-in does of which nothing is said. */
export const PLAIN: Script = {
  refuses: false,
  greeting: undefined,
  answers: [{ status: 200, reason: undefined, headers: [], body: undefined, delay: 0, send: undefined, ends: 'keeps' }],
};
