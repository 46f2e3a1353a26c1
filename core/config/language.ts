import { useService } from './use-service.ts';
import type { DirectiveKeyword, Ruleset } from '../api/keywords.ts';
import { definePlugin, type Plugin } from '../api/plugin.ts';
import type { PluginErrorPolicy } from '../api/settings.ts';
import { balance, filter } from './choices.ts';
import { core } from './core-directive.ts';
import { PATH_POLICIES } from './paths.ts';
import { readRule, RULESETS } from './rule-sets.ts';

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
  summary: 'What happens when a plugin throws: the request is refused, or goes on, or goes on from the nth error.',
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
  actions: { 'use-service': useService },
  directives: {
    acl,
    balance,
    filter,
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
