import { PLACES, type Scope, type Words } from 'sluice/plugin';
import { encodeString } from 'sluice/agent';
import { addNames, hint } from './agent-section.ts';
import { EVENTS, type Group, type Message } from './settings.ts';

/** A byte holds their number; two are left for a piece of a body and whether it is the last. */
const MOST_ARGUMENTS = 253;
const NOTHING = new Uint8Array();
/** Bytes of a body that are held back for a `deny` line without `hold`, and how many may be. */
const HELD = 1 << 20;
const MOST_HELD = 1 << 30;

export function newMessage(name: string, { file, line }: Words, scope: Scope): Message {
  return {
    name,
    file,
    line,
    args: [],
    acls: scope.newAcls(),
    event: undefined,
    deny: undefined,
    hold: 0,
    head: NOTHING,
    streamHead: NOTHING,
    chunkHead: NOTHING,
  };
}

export function newGroup(name: string, { file, line }: Words): Group {
  return { name, file, line, messages: [] };
}

/** Where the message is used decides whether its samples can be had there: {@link Argument.expression} remembers what they need. */
const args = (message: Message, words: Words, scope: Scope): void => {
  while (words.remaining > 0) {
    const text = words.peek()!;
    const name = /^([^=(,]*)=/.exec(text)?.[1];
    const expression = name === undefined ? scope.expression(words, PLACES) : named(text, name, words, scope);
    message.args.push({ name: encodeString(name ?? '', 'latin1'), expression, evaluate: expression.evaluate });
  }
  if (message.args.length > MOST_ARGUMENTS) words.fail(`a message has at most ${MOST_ARGUMENTS} arguments.`);
};

/** `name=<sample>`: the sample begins in the midst of a word. */
function named(text: string, name: string, words: Words, scope: Scope): Message['args'][number]['expression'] {
  if (text.length === name.length + 1) {
    words.next('a sample');
    words.fail(`'args': missing fetch method.`);
  }
  return scope.expression(words, PLACES, name.length + 1);
}

const LINES: Readonly<Record<string, (message: Message, words: Words, scope: Scope) => void>> = {
  args,
  acl: (message, words, scope) => scope.withAcls(message.acls).acl(words),
  event: (message, words, scope) => {
    if (words.remaining === 0) words.fail('missing event name.');
    const text = words.next('an event');
    const name = EVENTS.find((event) => event === text);
    if (name === undefined) return words.unknown('event', EVENTS);
    const next = words.peek();
    if (next !== undefined && next !== 'if' && next !== 'unless') {
      words.next('a condition');
      words.fail(`'event ${name}' expects either 'if' or 'unless' followed by a condition but found '${next}'.`);
    }
    const condition = scope.withAcls(message.acls).condition(words, PLACES);
    message.event = { name, condition, line: words.line };
  },
  deny: (message, words, scope) => {
    const next = words.peek();
    if (next !== 'if' && next !== 'unless')
      words.fail(`'deny' expects either 'if' or 'unless' followed by a condition.`);
    message.deny = scope.withAcls(message.acls).condition(words, PLACES);
    if (message.hold === 0) message.hold = HELD;
  },
  hold: (message, words) => {
    message.hold = words.size('a size', { min: 1, max: MOST_HELD });
  },
};

export function readMessageLine(message: Message, words: Words, scope: Scope): void {
  const { keyword } = words;
  const read = Object.hasOwn(LINES, keyword) ? LINES[keyword] : undefined;
  if (read === undefined)
    return words.fail(`unknown keyword '${keyword}' in spoe-message section.${hint(keyword, LINES)}`);
  if (words.form !== 'plain') return words.fail(`negation is not supported in a spoe-message section.`);
  read(message, words, scope);
}

export function readGroupLine(group: Group, words: Words): void {
  if (words.keyword !== 'messages' || words.form !== 'plain')
    words.fail(`unknown keyword '${words.keyword}' in spoe-group section.${hint(words.keyword, { messages: 0 })}`);
  addNames(group.messages, words, 'spoe-message');
}

/** All of its lines have been read: what its frames begin with can be made. */
export function finishMessage(message: Message): void {
  const name = encodeString(message.name, 'latin1');
  const count = message.args.length;
  message.head = Buffer.concat([name, Buffer.of(count)]);
  message.streamHead = Buffer.concat([name, Buffer.of(count + 2)]);
  message.chunkHead = Buffer.concat([name, Buffer.of(2)]);
}
