import type {
  Filter,
  FilterFactory,
  FilterKeyword,
  FilterStage,
  Names,
  Place,
  Scope,
  Transaction,
  Words,
} from 'sluice/plugin';
import { isReadable, PLACE_NAMES, sourceNeeds } from 'sluice/plugin';
import { BodySide } from './body-side.ts';
import { readEngineFile, type EngineFile } from './engine-file.ts';
import { Engine } from './engine.ts';
import { type Agent, ENGINES, type EventName, type Message } from './settings.ts';

interface EventSpec {
  /** The filter's stage; the end of a transaction is none. */
  readonly stage: FilterStage | undefined;
  /** Where samples of its messages are evaluated. */
  readonly places: readonly Place[];
  /** Which side of a proxy has it; SPOE.txt 3.3. */
  readonly side: 'frontend' | 'backend' | 'any';
}

export const EVENT_SPECS: Readonly<Record<EventName, EventSpec>> = {
  'on-client-session': { stage: 'stream', places: ['fe-tcp-connection'], side: 'frontend' },
  'on-frontend-tcp-request': { stage: 'frontend-tcp-request', places: ['fe-tcp-content'], side: 'frontend' },
  'on-frontend-http-request': { stage: 'frontend-http-request', places: ['fe-http-request'], side: 'frontend' },
  'on-backend-tcp-request': { stage: 'backend-tcp-request', places: ['be-tcp-content'], side: 'backend' },
  'on-backend-http-request': { stage: 'backend-http-request', places: ['be-http-request'], side: 'backend' },
  'on-server-session': { stage: 'server', places: ['be-tcp-response', 'fe-tcp-response'], side: 'any' },
  'on-tcp-response': { stage: 'tcp-response', places: ['be-tcp-response', 'fe-tcp-response'], side: 'any' },
  'on-http-response': { stage: 'http-response', places: ['be-http-response', 'fe-http-response'], side: 'any' },
  'on-http-request-body': { stage: undefined, places: ['fe-http-request', 'be-http-request'], side: 'any' },
  'on-http-response-body': { stage: undefined, places: ['fe-http-response', 'be-http-response'], side: 'any' },
  'on-http-end': { stage: undefined, places: ['log'], side: 'any' },
};

/** `filter spoe`: reads the engine's file, and checks it. SPOE.txt 2. */
export const spoe: FilterKeyword = {
  usage: 'filter spoe [ engine <name> ] config <file>',
  summary: 'Lets an agent have a say, by the messages and with the settings of that file.',
  parse(words, scope) {
    const { name, file } = readLine(words);
    const path = scope.path(file, words);
    const read = readEngineFile(path, name, words, scope);
    if (read === undefined) return words.fail(`'filter' : 'Error(s) found in configuration file ${file}'`);
    const { agent } = read;
    if (agent === undefined) return words.fail(`'filter' : 'No SPOE agent found in file ${file}'`);
    if (agent.backend === undefined)
      return words.fail(`'filter' : 'No backend declared for SPOE agent '${agent.name}' declared at ${at(agent)}'`);
    const engine = new Engine(
      name ?? agent.name,
      agent,
      groupsOf(read, agent, words),
      eventsOf(read, agent, words, scope),
    );
    register(engine, words, scope);
    scope.later((names) => check(engine, names, words, scope));
    return factoryOf(engine);
  },
};

function readLine(words: Words): { name: string | undefined; file: string } {
  let name: string | undefined;
  let file: string | undefined;
  while (words.remaining > 0) {
    const word = words.next('engine or config');
    if (word !== 'engine' && word !== 'config') words.unknown('keyword', ['engine', 'config']);
    if (words.remaining === 0) words.fail(`'filter' : ''spoe' : '${word}' option without value'`);
    const value = words.next('a value');
    if (word === 'engine') name = value;
    else file = value;
  }
  if (file === undefined) return words.fail(`'filter' : ''spoe' : missing config file'`);
  return { name, file };
}

const at = ({ file, line }: { readonly file: string; readonly line: number }): string => `${file}:${line}`;

function groupsOf({ messages, groups }: EngineFile, agent: Agent, words: Words): Map<string, Message[]> {
  const found = new Map<string, Message[]>();
  const owners = new Map<string, string>();
  for (const name of agent.groups) {
    const group = groups.get(name);
    if (group === undefined)
      return words.fail(
        `'filter' : 'SPOE agent '${agent.name}' try to use undefined SPOE group '${name}' at ${at(agent)}'`,
      );
    const own = group.messages.map((one) => {
      const message = messages.get(one);
      if (message === undefined)
        return words.fail(
          `'filter' : 'SPOE group '${name}' try to use undefined SPOE message '${one}' at ${at(group)}'`,
        );
      const other = owners.get(one);
      if (other !== undefined)
        words.fail(`'filter' : 'SPOE message '${one}' already belongs to the SPOE group '${other}' at ${at(group)}'`);
      owners.set(one, name);
      // A group's messages have no condition: rules have.
      return { ...message, event: undefined };
    });
    found.set(name, own);
  }
  return found;
}

function eventsOf({ messages }: EngineFile, agent: Agent, words: Words, scope: Scope): Map<EventName, Message[]> {
  const { proxy } = scope;
  const events = new Map<EventName, Message[]>();
  for (const name of agent.messages) {
    const message = messages.get(name);
    if (message === undefined)
      return words.fail(
        `'filter' : 'SPOE agent '${agent.name}' try to use undefined SPOE message '${name}' at ${at(agent)}'`,
      );
    const { event } = message;
    if (event === undefined) {
      words.warn(`Proxy '${proxy.name}': Ignore SPOE message '${name}' without event at ${at(message)}.`);
      continue;
    }
    const { side, places } = EVENT_SPECS[event.name];
    if (side === 'frontend' && !proxy.isFrontend) {
      words.warn(`Proxy '${proxy.name}': frontend event used on a backend proxy at ${at(message)}.`);
      continue;
    }
    if (event.name.endsWith('-body') && events.has(event.name))
      words.fail(`'filter' : 'only one SPOE message can have the event ${event.name}, see ${at(message)}'`);
    if (message.deny !== undefined && !event.name.endsWith('-body'))
      words.fail(
        `'filter' : 'SPOE message '${name}' at ${at(message)} has a 'deny' line, which needs an event of a body'`,
      );
    needReadable(message, places, `'filter' : 'Ignore SPOE message '${name}' at ${at(message)}: `, `'`, words);
    // A listen section has no backend events of its own: such messages leave with those of the frontend, as HAProxy 2.6 sends them.
    const both = side === 'backend' && proxy.isFrontend && proxy.isBackend;
    const when = both ? (event.name.replace('on-backend', 'on-frontend') as EventName) : event.name;
    const list = events.get(when) ?? [];
    events.set(when, list);
    list.push(message);
  }
  return events;
}

/** Refuses a message with a sample that is not to be had where it is sent. */
export function needReadable(
  message: Message,
  places: readonly Place[],
  before: string,
  after: string,
  words: Words,
): void {
  for (const { expression } of message.args) {
    if (isReadable(expression.source, places)) continue;
    words.fail(
      `${before}some args extract information from '${sourceNeeds(expression.source)}', none of which is available here ` +
        `('${places.map((place) => PLACE_NAMES[place]).join("' or '")}')${after}`,
    );
  }
}

function register(engine: Engine, words: Words, scope: Scope): void {
  const { proxy } = scope;
  const engines = proxy.extension(ENGINES);
  if (engines.has(engine.name)) words.fail(`Proxy ${proxy.name} : duplicated name for SPOE engine '${engine.name}'.`);
  engines.set(engine.name, engine);
  const { variableNames } = scope.global.settings;
  const { agent } = engine;
  const options = [agent.setOnError, agent.setProcessTime, agent.setTotalTime].filter((one) => one !== undefined);
  for (const name of options) variableNames.add(`txn.${agent.prefix}.${name}`);
  for (const name of agent.registered)
    for (const scopeName of ['proc', 'sess', 'txn', 'req', 'res'])
      variableNames.add(`${scopeName}.${agent.prefix}.${name}`);
}

/** What can be known only when all sections have been read. */
function check({ agent, groups, events }: Engine, names: Names, words: Words, scope: Scope): void {
  const { proxy } = scope;
  const title = `SPOE agent '${agent.name}' declared at ${at(agent)}`;
  if (agent.processing === 0)
    words.warn(
      [
        `Proxy '${proxy.name}': missing timeouts for SPOE agent '${agent.name}' declare at ${at(agent)}.`,
        '   | While not properly invalid, you will certainly encounter various problems',
        '   | with such a configuration. To fix this, please ensure that all following',
        `   | timeouts are set to a non-zero value: 'processing'.`,
      ].join('\n'),
    );
  if (groups.size === 0 && events.size === 0) words.warn(`Proxy '${proxy.name}': No message/group used by ${title}.`);
  const backend = names.proxy('backend', agent.backend!);
  if (backend === undefined)
    return words.fail(`Proxy ${proxy.name} : unknown backend '${agent.backend}' used by ${title}.`);
  if (backend.settings.mode === 'http')
    words.fail(`Proxy ${proxy.name} : backend '${agent.backend}' used by ${title} does not support HTTP mode.`);
}

/** One filter for each stream that has an event: it is the same for all, as the engine keeps what it has to know in the transaction. */
function factoryOf(engine: Engine): FilterFactory {
  const stages: Partial<Record<FilterStage, (transaction: Transaction) => ReturnType<Engine['process']>>> = {};
  for (const [event, messages] of engine.events) {
    const { stage } = EVENT_SPECS[event];
    if (stage === undefined) continue;
    const title = `EVENT:${event}`;
    stages[stage] = (transaction) => engine.process(transaction, title, messages);
  }
  const end = engine.events.get('on-http-end');
  const [request] = engine.events.get('on-http-request-body') ?? [];
  const [response] = engine.events.get('on-http-response-body') ?? [];
  const plain: Filter = { stages };
  const shared = end === undefined && request === undefined && response === undefined;
  if (shared && Object.keys(stages).length === 0) return { late: true, attach: () => undefined };
  if (shared) return { attach: () => plain };
  return {
    attach(transaction) {
      if (transaction.request === undefined) return plain;
      return {
        stages,
        ...(request && { request: new BodySide(engine, 'EVENT:on-http-request-body', request) }),
        ...(response && { response: new BodySide(engine, 'EVENT:on-http-response-body', response) }),
        ...(end && { detach: () => engine.tell(transaction, 'EVENT:on-http-end', end) }),
      };
    },
  };
}
