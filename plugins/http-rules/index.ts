import { definePlugin, type Plugin } from 'sluice/plugin';
import { answerActions, redirectDirective } from './answers.ts';
import { flowActions } from './flow.ts';
import { headerActions } from './headers.ts';
import { targetActions } from './target.ts';

const httpRules: Plugin = definePlugin({
  name: 'http-rules',
  api: 1,
  requires: ['errors'],
  directives: { redirect: redirectDirective },
  actions: { ...headerActions, ...targetActions, ...answerActions, ...flowActions },
});
export default httpRules;
