import type { DirectiveKeyword } from 'sluice/plugin';
import { ANYWHERE, demand, lacks } from './place.ts';

const STATUSES = ['401', '403', '404', '408', '421', '425', '429', '500', '501', '502', '503', '504'];
const EVENTS: readonly string[] = [
  'conn-failure',
  'empty-response',
  'junk-response',
  'response-timeout',
  '0rtt-rejected',
  ...STATUSES,
];
const ALL = [
  'conn-failure',
  'empty-response',
  'junk-response',
  'response-timeout',
  '0rtt-rejected',
  '500',
  '502',
  '503',
  '504',
];

export const retrying: Record<string, DirectiveKeyword> = {
  'retry-on': {
    usage: 'retry-on { none | all-retryable-errors | <event or status> … }',
    summary: 'The failures after which a request is tried again; conn-failure alone unless told otherwise.',
    in: ANYWHERE,
    parse(words, scope) {
      demand('backend', words, scope);
      const events = new Set<string>();
      let none = false;
      let count = 0;
      if (words.remaining === 0) words.next('at least one keyword to specify when to retry');
      while (words.remaining > 0) {
        const word = words.next('an event');
        count += 1;
        if (word === 'none') none = true;
        else if (word === 'all-retryable-errors') for (const event of ALL) events.add(event);
        else if (EVENTS.includes(word)) events.add(word);
        else words.unknown('keyword', ['none', 'all-retryable-errors', ...EVENTS]);
      }
      if (none && count > 1) words.fail(`'retry-on' takes 'none' only alone`);
      scope.proxy.settings.retryOn = events;
    },
  },
  'option redispatch': {
    usage: 'option redispatch [ <interval> ]',
    summary: 'Lets a retry go to another server: every nth one, or counted from the last if negative.',
    in: ANYWHERE,
    negatable: true,
    parse(words, scope) {
      if (words.form !== 'plain') {
        words.end();
        if (!lacks('backend', words, scope)) scope.proxy.settings.redispatch = undefined;
        return;
      }
      const interval = words.remaining > 0 ? words.integer('an interval', { min: -100, max: 100 }) : -1;
      words.end();
      if (!lacks('backend', words, scope)) scope.proxy.settings.redispatch = interval === 0 ? undefined : interval;
    },
  },
};
