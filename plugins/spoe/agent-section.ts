import type { Scope, Words } from 'sluice/plugin';
import { parseOwnLog } from '../logging/directives.ts';
import { GLOBAL_LOGGING } from '../logging/settings.ts';
import type { Agent } from './settings.ts';

/** SPOE.txt 2.2: what `max-frame-size` leaves of tune.bufsize for a frame's own length, and the least it may be. */
const LENGTH_BYTES = 4;
const LEAST_FRAME = 256;

type Read = (agent: Agent, words: Words, scope: Scope) => void;

export function newAgent(name: string, { file, line }: Words, scope: Scope): Agent {
  const logging = { targets: [], emitter: undefined };
  scope.global.extension(GLOBAL_LOGGING).others.push(logging);
  return {
    name,
    file,
    line,
    messages: [],
    groups: [],
    backend: undefined,
    maxFrameSize: scope.global.settings.bufsize - LENGTH_BYTES,
    processing: 0,
    pipelining: true,
    continueOnError: false,
    forceSetVar: false,
    logsNormal: true,
    oldLog: false,
    setOnError: undefined,
    setProcessTime: undefined,
    setTotalTime: undefined,
    prefix: name,
    registered: [],
    logging,
  };
}

/** Refuses a name that stands in the list already; shared with groups. */
export function addNames(list: string[], words: Words, what: string): void {
  while (words.remaining > 0) {
    const name = words.next(`the name of a ${what}`);
    if (list.includes(name)) words.fail(`${what} '${name}' already used.`);
    list.push(name);
  }
}

/** A line that HAProxy up to 3.0 acted upon, and later ones read and ignore. SPOE.txt 2.2. */
function ignoredNumber(least: number): Read {
  return (_, words) => {
    words.integer('an integer argument', { min: least });
  };
}

const TIMEOUTS = ['hello', 'idle', 'processing'] as const;

const timeout: Read = (agent, words) => {
  if (words.remaining === 0) words.fail(`'timeout' expects 'hello', 'idle' and 'processing'.`);
  const which = words.next('a timeout');
  const known = TIMEOUTS.find((one) => one === which);
  if (known === undefined) words.fail(`'timeout' supports 'hello', 'idle' or 'processing' (got ${which}).`);
  if (words.remaining === 0) words.fail(`'timeout ${which}' expects an integer value (in milliseconds).`);
  const time = words.time('a time');
  if (known === 'processing') agent.processing = time;
};

/** What an option that names a variable writes to. */
const NAMING = {
  'var-prefix': 'prefix',
  'set-on-error': 'setOnError',
  'set-process-time': 'setProcessTime',
  'set-total-time': 'setTotalTime',
} as const;

/** Options and what they set; the deprecated ones nothing. Only those that can be negated have a value for `no`. */
const SWITCHES: Readonly<
  Record<string, { readonly set?: (agent: Agent, on: boolean) => void; readonly negatable?: boolean }>
> = {
  pipelining: { set: (agent, on) => void (agent.pipelining = on), negatable: true },
  'dontlog-normal': { set: (agent, on) => void (agent.logsNormal = !on), negatable: true },
  async: { negatable: true },
  'send-frag-payload': { negatable: true },
  'continue-on-error': { set: (agent) => void (agent.continueOnError = true) },
  'force-set-var': { set: (agent) => void (agent.forceSetVar = true) },
  'sluice-log-2.6': { set: (agent, on) => void (agent.oldLog = on), negatable: true },
};

const option: Read = (agent, words) => {
  if (words.remaining === 0) words.fail(`'option' expects an option name.`);
  const name = words.next('an option');
  const on = words.form === 'plain';
  const toggle = Object.hasOwn(SWITCHES, name) ? SWITCHES[name] : undefined;
  const field = Object.hasOwn(NAMING, name) ? NAMING[name as keyof typeof NAMING] : undefined;
  if (toggle === undefined && field === undefined)
    words.unknown('option', [...Object.keys(SWITCHES), ...Object.keys(NAMING)]);
  if (!on && toggle?.negatable !== true) words.fail(`negation is not supported for option '${name}'.`);
  if (toggle !== undefined) {
    words.end();
    toggle.set?.(agent, on);
    return;
  }
  if (words.remaining === 0) words.fail(`'option ${name}' expects a value.`);
  const value = variableName(words, `option ${name}`);
  words.end();
  agent[field!] = value;
};

function variableName(words: Words, what: string): string {
  const name = words.next('a name');
  if (!/^[A-Za-z0-9_.]+$/.test(name)) words.fail(`'${what}' only supports [a-zA-Z0-9_.] chars.`);
  return name;
}

const LINES: Readonly<Record<string, Read>> = {
  messages: (agent, words) => addNames(agent.messages, words, 'spoe-message'),
  groups: (agent, words) => addNames(agent.groups, words, 'spoe-group'),
  'max-frame-size': (agent, words, scope) => {
    const most = scope.global.settings.bufsize - LENGTH_BYTES;
    if (words.remaining === 0) words.fail(`'max-frame-size' expects an integer argument.`);
    const size = words.integer('an integer argument');
    words.end();
    if (size < LEAST_FRAME || size > most)
      words.fail(`'max-frame-size' expects a positive integer argument in the range [${LEAST_FRAME}, ${most}].`);
    agent.maxFrameSize = size;
  },
  maxconnrate: ignoredNumber(0),
  maxerrrate: ignoredNumber(0),
  'max-waiting-frames': ignoredNumber(1),
  option,
  timeout,
  log: (agent, words, scope) => parseOwnLog(words, scope, agent.logging),
  'register-var-names': (agent, words) => {
    if (words.remaining === 0) words.fail(`'register-var-names' expects one or more variable names.`);
    while (words.remaining > 0) agent.registered.push(variableName(words, 'register-var-names'));
  },
  'use-backend': (agent, words) => {
    if (words.remaining === 0) words.fail(`'use-backend' expects a backend name.`);
    agent.backend = words.next('a backend name');
  },
};

export function readAgentLine(agent: Agent, words: Words, scope: Scope): void {
  const { keyword, form } = words;
  const read = Object.hasOwn(LINES, keyword) ? LINES[keyword] : undefined;
  if (read === undefined)
    return words.fail(`unknown keyword '${keyword}' in spoe-agent section.${hint(keyword, LINES)}`);
  if (form !== 'plain' && keyword !== 'option' && keyword !== 'log')
    words.fail('negation is supported only for options and log.');
  read(agent, words, scope);
}

/** The words of a section, where one of them cannot be meant. */
export function hint(keyword: string, known: object): string {
  const close = Object.keys(known).find((word) => word[0] === keyword[0] && Math.abs(word.length - keyword.length) < 2);
  return close === undefined ? '' : ` Did you mean '${close}' maybe ?`;
}
