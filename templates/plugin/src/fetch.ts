import type { FetchKeyword } from 'sluice/plugin';

/** `__NAME__.segment(2)`: in conditions, log-formats and everywhere else that samples are read. */
export const segment: FetchKeyword = {
  usage: '__NAME__.segment(<n>)',
  summary: 'The nth part of the path, from 1.',
  type: 'str',
  from: 'request-head',
  arguments: [{ type: 'integer' }],
  compile(args) {
    const n = args.integer(0);
    if (n < 1) args.fail('segments are counted from 1');
    // Nothing (undefined) makes a condition false; it must not wait, as it runs in the middle of a rule.
    return ({ request }) => request?.uri.split('?', 1)[0]?.split('/')[n];
  },
};
