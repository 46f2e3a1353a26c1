import type { DirectiveKeyword, Ruleset } from '../api/keywords.ts';
import { definePlugin, type Plugin } from '../api/plugin.ts';
import type { PluginErrorPolicy } from '../api/settings.ts';
import type { Scope, Words } from '../api/words.ts';
import { PATH_POLICIES } from './paths.ts';
import { readRule, RULESETS } from './rule-sets.ts';
import type { LineScope } from './scope.ts';
import type { LineWords } from './words.ts';

/** The words that belong to the language itself: they need what the API does not give to plugins. */
type Core = (words: LineWords, scope: LineScope) => void;

function core(parse: Core): DirectiveKeyword['parse'] {
  // Every scope and every line of words a directive gets are made by this folder.
  return (words: Words, scope: Scope) => parse(words as LineWords, scope as LineScope);
}

function ruleSet(set: Ruleset): DirectiveKeyword {
  return {
    usage: `${set} <action> [ <argument> … ] [ { if | unless } <condition> ]`,
    summary: `A rule of the '${set}' rule set.`,
    in: ['defaults', 'frontend', 'backend'],
    parse: core((words, scope) => readRule(set, words, scope)),
  };
}

/** Read in the first pass already, so that the lines behind it see the change. */
function environment(usage: string, summary: string): DirectiveKeyword {
  return { usage, summary, in: ['global'], parse: (words) => void words.rest() };
}

const acl: DirectiveKeyword = {
  usage: 'acl <name> <fetch>[,<converter>…] [ <flag> … ] [ <value> … ]',
  summary: 'Declares a condition, or adds to it.',
  in: ['defaults', 'frontend', 'backend'],
  parse: core((words, scope) => {
    const { kind, name } = scope.proxy;
    if (kind === 'defaults' && name === '') words.fail("'acl' not allowed in anonymous 'defaults' section.");
    scope.acl(words);
  }),
};

const balance: DirectiveKeyword = {
  usage: 'balance <algorithm> [ <argument> … ]',
  summary: 'How requests are spread over the servers of a backend.',
  in: ['defaults', 'backend'],
  parse: core((words, scope) => {
    const name = words.next('a balance algorithm');
    const entry = scope.build.keywords.balance.get(name);
    if (!entry) {
      if (BALANCE_TO_COME.has(name)) words.fail(`the balance algorithm '${name}' is not built yet`);
      return words.unknown('balance algorithm', scope.build.keywords.balance.keys());
    }
    scope.proxy.settings.balance = entry.keyword.parse(words, scope);
    words.end();
  }),
};

/** HAProxy's algorithms that no plugin has yet (configuration.txt 4.2, `balance`). */
const BALANCE_TO_COME: ReadonlySet<string> = new Set([
  'static-rr',
  'leastconn',
  'first',
  'source',
  'uri',
  'url_param',
  'hdr',
  'random',
  'rdp-cookie',
  'hash',
  'sticky',
  'log-hash',
]);

const defaultPath: DirectiveKeyword = {
  usage: 'default-path { current | config | parent | origin <path> }',
  summary: 'Where relative file names begin.',
  in: ['global'],
  parse: core((words, scope) => {
    const policy = words.oneOf('a default-path mode', PATH_POLICIES);
    const origin = policy === 'origin' ? words.next('a directory as an argument') : '';
    words.end();
    const problem = scope.build.paths.use(policy, origin, words.file);
    if (problem !== undefined) words.fail(problem);
  }),
};

const pluginErrors: DirectiveKeyword = {
  usage: 'plugin-errors <plugin> { deny | ignore | disable-after <n> }',
  summary: 'What happens when a plugin throws: the request is refused, or goes on, or the plugin is switched off.',
  in: ['global'],
  parse: core((words, scope) => {
    const name = words.next('the name of a plugin');
    if (!scope.build.plugins.has(name)) words.unknown('plugin', scope.build.plugins);
    const kind = words.oneOf('a policy', ['deny', 'ignore', 'disable-after']);
    const policy: PluginErrorPolicy =
      kind === 'disable-after' ? { kind: 'disable', after: words.integer('a number', { min: 1 }) } : { kind };
    scope.global.settings.pluginErrors.set(name, policy);
  }),
};

const pause: DirectiveKeyword = {
  usage: 'force-cfg-parser-pause <timeout>',
  summary: 'For tests of init scripts; accepted, without effect.',
  in: ['global'],
  parse: core((words, scope) => {
    if (!scope.build.experimental)
      words.fail(
        `directive 'force-cfg-parser-pause' is experimental, must be allowed via a global 'expose-experimental-directives'`,
      );
    words.time('a timeout');
    words.notice(`'force-cfg-parser-pause' has no effect here`);
  }),
};

export const language: Plugin = definePlugin({
  name: 'language',
  api: 1,
  directives: {
    acl,
    balance,
    ...Object.fromEntries(Object.keys(RULESETS).map((set) => [set, ruleSet(set as Ruleset)])),
    setenv: environment('setenv <name> <value>', 'Sets an environment variable.'),
    presetenv: environment('presetenv <name> <value>', 'Sets an environment variable that is not set yet.'),
    unsetenv: environment('unsetenv <name> …', 'Removes environment variables.'),
    resetenv: environment('resetenv [ <name> … ]', 'Removes all environment variables but these.'),
    'default-path': defaultPath,
    'expose-deprecated-directives': {
      usage: 'expose-deprecated-directives',
      summary: 'Silences the warnings about deprecated words.',
      in: ['global'],
      parse: (words) => words.end(),
    },
    'expose-experimental-directives': {
      usage: 'expose-experimental-directives',
      summary: 'Permits words that are marked experimental.',
      in: ['global'],
      parse: core((words, scope) => {
        words.end();
        scope.build.experimental = true;
      }),
    },
    'force-cfg-parser-pause': pause,
    'plugin-load': {
      usage: 'plugin-load { <package> | <./path> } [ <argument> … ]',
      summary: 'Loads a plugin; its words can be used from then on, in any file.',
      in: ['global'],
      parse(words) {
        words.next('the name of a package or a path');
        words.rest();
      },
    },
    'plugin-errors': pluginErrors,
  },
});
