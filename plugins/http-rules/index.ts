import { definePlugin, type Plugin } from 'sluice/plugin';
import { answerActions, redirectDirective } from './answers.ts';
import { binaryHeaderActions } from './binary-headers.ts';
import { checkCache } from './check-cache.ts';
import { flowActions } from './flow.ts';
import { headerActions } from './headers.ts';
import { authFetches } from './auth-fetches.ts';
import { normalizeUri } from './normalize.ts';
import { patternActions } from './pattern-lists.ts';
import { targetActions } from './target.ts';
import { userlist } from './userlist.ts';

const httpRules: Plugin = definePlugin({
  name: 'http-rules',
  api: 1,
  requires: ['errors'],
  sections: { userlist },
  directives: { redirect: redirectDirective, 'option checkcache': checkCache },
  fetches: authFetches,
  actions: {
    ...headerActions,
    ...binaryHeaderActions,
    ...targetActions,
    'normalize-uri': normalizeUri,
    ...answerActions,
    ...flowActions,
    ...patternActions,
  },
});
export default httpRules;
