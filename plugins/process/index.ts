import { definePlugin, type DirectiveKeyword, type Plugin } from 'sluice/plugin';
import { proxyMaxconn } from '../proxy/limits.ts';
import { proxyDescription } from '../proxy/mode.ts';
import { caseAdjust } from './case-adjust.ts';
import { globalDescription, globalGrace, identity } from './identity.ts';
import { globalMaxconn, limits } from './limits.ts';
import { meaningless } from './meaningless.ts';
import { unixBind } from './unix-bind.ts';
import { variableDirectives } from './variables.ts';

/** A word that means one thing in the global section and another in proxies. */
function either(inGlobal: DirectiveKeyword, inProxies: DirectiveKeyword): DirectiveKeyword {
  return {
    usage: inGlobal.usage,
    summary: `${inGlobal.summary} In a proxy: ${inProxies.summary}`,
    in: ['global', ...inProxies.in],
    parse(words, scope) {
      if (scope.kind === 'global') inGlobal.parse(words, scope);
      else inProxies.parse(words, scope);
    },
  };
}

const processPlugin: Plugin = definePlugin({
  name: 'process',
  api: 1,
  directives: {
    ...identity,
    ...limits,
    ...variableDirectives,
    ...caseAdjust,
    ...meaningless,
    'unix-bind': unixBind,
    maxconn: either(globalMaxconn, proxyMaxconn),
    description: either(globalDescription, proxyDescription),
    grace: globalGrace,
  },
});
export default processPlugin;
