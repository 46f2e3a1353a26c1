import { definePlugin, type Plugin } from 'sluice/plugin';
import { answerActions, redirectDirective } from './answers.ts';
import { flowActions } from './flow.ts';
import { headerActions } from './headers.ts';
import { authFetches } from './auth-fetches.ts';
import { targetActions } from './target.ts';
import { userlist } from './userlist.ts';

const httpRules: Plugin = definePlugin({
  name: 'http-rules',
  api: 1,
  requires: ['errors'],
  sections: { userlist },
  directives: { redirect: redirectDirective },
  fetches: authFetches,
  actions: { ...headerActions, ...targetActions, ...answerActions, ...flowActions },
});
export default httpRules;
