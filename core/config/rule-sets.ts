import type { Place } from '../api/expression.ts';
import type { ActionKeyword, Ruleset } from '../api/keywords.ts';
import type { Entry } from '../plugin/registry.ts';
import { sectionTitle, type LineScope } from './scope.ts';
import { isKnown } from './known.ts';
import { nearest } from './nearest.ts';
import type { ProxySection } from './proxy-config.ts';
import type { LineWords } from './words.ts';

interface SetSpec {
  /** Where its samples are evaluated, on a frontend's and on a backend's side; undefined where it has no such side. */
  readonly frontend: Place | undefined;
  readonly backend: Place | undefined;
}

/** The rule sets of configuration.txt 4.3. */
export const RULESETS: Readonly<Record<Ruleset, SetSpec>> = {
  'tcp-request connection': { frontend: 'fe-tcp-connection', backend: undefined },
  'tcp-request session': { frontend: 'fe-tcp-session', backend: undefined },
  'tcp-request content': { frontend: 'fe-tcp-content', backend: 'be-tcp-content' },
  'tcp-response content': { frontend: undefined, backend: 'be-tcp-response' },
  'http-request': { frontend: 'fe-http-request', backend: 'be-http-request' },
  'http-response': { frontend: 'fe-http-response', backend: 'be-http-response' },
  'http-after-response': { frontend: 'fe-http-response', backend: 'be-http-response' },
};

/** Reads one line of a rule set, behind the set's name, and adds it to the proxy. */
export function readRule(set: Ruleset, words: LineWords, scope: LineScope): void {
  const proxy = scope.proxy;
  const places = placesOf(set, words, proxy);
  const table = scope.build.keywords.actions;
  const usable = [...table.values()].filter((entry) => entry.keyword.in.includes(set));
  const expected = `'${set}' expects ${usable.map((entry) => `'${entry.word}${entry.keyword.prefix ? '(*)' : ''}'`).join(', ')}`;
  const name = words.peek();
  if (name === undefined) words.fail(`${expected}, but got '' (missing argument).`);
  words.next('an action');
  const entry = findAction(name, usable);
  if (!entry) {
    if (isKnown(set, name.replace(/\(.*$/s, ''))) words.fail(`'${set} ${name}' is not built yet`);
    const close = nearest(
      name,
      usable.map((candidate) => candidate.word),
    );
    words.fail(`${expected}, but got '${name}'.${close === undefined ? '' : ` Did you mean '${close}' maybe ?`}`);
  }
  const title = `${set} ${name}`;
  if (entry.keyword.experimental && !scope.build.experimental)
    words.fail(
      `'${title}' is experimental, must be allowed via a global 'expose-experimental-directives' on a line before it`,
    );
  const ruleScope = scope.at(entry.plugin, places);
  const context = `error detected in ${sectionTitle(proxy)} while parsing '${title}' rule : `;
  const action = words.within(title, context, () => entry.keyword.parse(words, ruleScope));
  const next = words.peek();
  if (next !== undefined && next !== 'if' && next !== 'unless') {
    words.next('a condition');
    words.fail(`'${title}' expects either 'if' or 'unless' followed by a condition but found '${next}'.`);
  }
  const condition = words.within(title, `error detected while parsing an '${title}' condition : `, () =>
    ruleScope.condition(words),
  );
  const rules = proxy.rules.get(set) ?? [];
  const own = rules.length > (proxy.defaults?.rules.get(set)?.length ?? 0);
  const previous = own ? rules.at(-1) : undefined;
  if (set.startsWith('http') && previous?.final && !previous.condition)
    words.warn(`previous '${set}' action is final and has no condition attached, further entries are NOOP.`);
  proxy.addRule(set, {
    action,
    condition,
    file: words.file,
    line: words.line,
    text: words.text,
    plugin: action.plugin ?? entry.plugin,
    final: entry.keyword.final ?? false,
  });
}

/** `set-var(txn.x)` is found by `set-var`, `track-sc0` by `track-sc`, `lua.x` by `lua.`: the longest prefix that is one. */
function findAction(word: string, usable: readonly Entry<ActionKeyword>[]): Entry<ActionKeyword> | undefined {
  const exact = usable.find((entry) => entry.word === word);
  if (exact) return exact;
  return usable
    .filter((entry) => entry.keyword.prefix && word.startsWith(entry.word))
    .filter((entry) => entry.word.endsWith('.') || /^[(\d]/.test(word.slice(entry.word.length)))
    .toSorted((a, b) => b.word.length - a.word.length)[0];
}

/** Refuses the set where it cannot be. */
function placesOf(set: Ruleset, words: LineWords, proxy: ProxySection): readonly Place[] {
  const { frontend, backend } = RULESETS[set];
  const anonymous = proxy.kind === 'defaults' && proxy.name === '';
  if (anonymous) words.fail(`'${set}' not allowed in anonymous 'defaults' section.`);
  const places: Place[] = [];
  if (proxy.isFrontend && frontend) places.push(frontend);
  if (proxy.isBackend && backend) places.push(backend);
  if (places.length > 0) return places;
  const needed = frontend ? 'frontend' : 'backend';
  return words.fail(`${set} is not allowed because ${sectionTitle(proxy)} is not a ${needed}`);
}
