import type { ActionKeyword, Ruleset } from 'sluice/plugin';
import type { LogProfile, ProfileStep } from './profile.ts';
import { logNow } from './traffic.ts';

/** What each rule set is called in profiles and by `%OG`. */
const STEPS: Readonly<Record<Ruleset, ProfileStep>> = {
  'tcp-request connection': 'tcp-req-conn',
  'tcp-request session': 'tcp-req-sess',
  'tcp-request content': 'tcp-req-cont',
  'tcp-response content': 'tcp-res-cont',
  'http-request': 'http-req',
  'http-response': 'http-res',
  'http-after-response': 'http-after-res',
};

export const doLog: ActionKeyword = {
  usage: 'do-log [ profile <log_profile> ]',
  summary: 'Writes a line at once.',
  in: Object.keys(STEPS) as Ruleset[],
  parse(words, scope) {
    const step = STEPS[words.keyword.replace(/ do-log$/, '') as Ruleset];
    let profile: LogProfile | undefined;
    if (words.optional('profile')) {
      const name = words.next('the name of a log-profile');
      scope.later((names) => {
        profile = names.section<LogProfile>('log-profile', name);
        if (profile === undefined) words.fail(`there is no log-profile '${name}'`);
      });
    }
    return { run: (transaction) => logNow(transaction, step, profile) };
  },
};
