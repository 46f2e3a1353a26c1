import type { Scope, Words } from 'sluice/plugin';
import { newAgent, readAgentLine } from './agent-section.ts';
import { finishMessage, newGroup, newMessage, readGroupLine, readMessageLine } from './message-section.ts';
import type { Agent, Group, Message } from './settings.ts';

/** What the file says for one engine. */
export interface EngineFile {
  agent: Agent | undefined;
  readonly messages: Map<string, Message>;
  readonly groups: Map<string, Group>;
}

type Section =
  | { readonly kind: 'spoe-agent'; readonly agent: Agent }
  | { readonly kind: 'spoe-message'; readonly message: Message }
  | { readonly kind: 'spoe-group'; readonly group: Group }
  /** It could not be opened: its lines say nothing more. */
  | { readonly kind: 'refused' };

const SECTIONS = ['spoe-agent', 'spoe-message', 'spoe-group'] as const;

/** Reads the scope of an engine; without a name, what stands before any scope. Undefined when it has errors, which have been told. */
export function readEngineFile(
  file: string,
  engine: string | undefined,
  words: Words,
  scope: Scope,
): EngineFile | undefined {
  const read: EngineFile = { agent: undefined, messages: new Map(), groups: new Map() };
  let within: string | undefined;
  let section: Section | undefined;
  const good = scope.readFile(file, words, (line, at) => {
    if (line.keyword.startsWith('[')) {
      section = undefined;
      within = scopeName(line);
      return;
    }
    // Other engines' lines are theirs to check.
    if (within !== engine) {
      line.rest();
      return;
    }
    const kind = SECTIONS.find((one) => one === line.keyword);
    if (kind !== undefined && line.form === 'plain') {
      section = { kind: 'refused' };
      section = open(kind, line, at, read);
    } else readLine(section, line, at);
  });
  if (!good) return undefined;
  for (const message of read.messages.values()) finishMessage(message);
  return read;
}

/** `[name]`, SPOE.txt 2.1. */
function scopeName(line: Words): string {
  const text = [line.keyword, ...line.rest()].join(' ');
  const name = /^\[([A-Za-z0-9_.:-]*)/.exec(text)![1]!;
  const next = text[name.length + 1];
  if (next !== undefined && next !== ']' && name !== '')
    line.fail(`character '${next}' is not permitted in a scope name.`);
  if (next !== undefined && next !== ']') line.fail(`character '${next}' is not permitted in a scope name.`);
  if (name === '') line.fail('empty scope name is forbidden.');
  if (next === undefined) line.fail(`a scope name ends with ']'.`);
  const after = text.slice(name.length + 2).trim();
  if (after !== '') line.fail(`character '${after[0]}' is not permitted after scope declaration.`);
  return name;
}

function open(kind: (typeof SECTIONS)[number], line: Words, scope: Scope, read: EngineFile): Section {
  const name = line.peek();
  if (name === undefined || name === '') return line.fail(`missing name for ${kind} section.`);
  line.next('a name');
  line.end();
  const bad = /[^A-Za-z0-9_.:-]/.exec(name);
  if (bad) line.fail(`character '${bad[0]}' is not permitted in '${kind}' name '${name}'.`);
  const twice = (other: { readonly line: number } | undefined): void => {
    if (other)
      line.fail(`${kind} section '${name}' has the same name as another one declared at ${line.file}:${other.line}.`);
  };
  switch (kind) {
    case 'spoe-agent': {
      if (read.agent) line.fail('another spoe-agent section previously defined.');
      const agent = newAgent(name, line, scope);
      read.agent = agent;
      return { kind, agent };
    }
    case 'spoe-message': {
      twice(read.messages.get(name));
      const message = newMessage(name, line, scope);
      read.messages.set(name, message);
      return { kind, message };
    }
    default: {
      twice(read.groups.get(name));
      const group = newGroup(name, line);
      read.groups.set(name, group);
      return { kind, group };
    }
  }
}

function readLine(section: Section | undefined, line: Words, scope: Scope): void {
  if (section === undefined) {
    line.fail(`unknown keyword '${line.keyword}' out of section.`);
  } else if (section.kind === 'spoe-agent') readAgentLine(section.agent, line, scope);
  else if (section.kind === 'spoe-message') readMessageLine(section.message, line, scope);
  else if (section.kind === 'spoe-group') readGroupLine(section.group, line);
  else line.rest();
}
