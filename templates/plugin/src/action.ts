import type { ActionKeyword } from 'sluice/plugin';

/** `http-request __NAME__-tag <log-format>` */
export const tag: ActionKeyword = {
  usage: '__NAME__-tag <log-format>',
  summary: 'Sets the header X-__NAME__ of the request or the response.',
  in: ['http-request', 'http-response'],
  // Runs once for each line of the configuration. What it refuses is reported with file, line and column.
  parse(words, scope) {
    const text = scope.format(words.next('a log-format string'), words);
    return {
      // Runs for each request.
      run(transaction) {
        const message = transaction.response ?? transaction.request;
        message?.headers.set('x-__NAME__', text.evaluate(transaction));
      },
    };
  },
};
