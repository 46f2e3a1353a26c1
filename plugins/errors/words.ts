import { reasonPhrase, type DirectiveKeyword, type ErrorReply, type Scope, type Words } from 'sluice/plugin';
import { ANYWHERE } from '../proxy/place.ts';
import { readErrorFile } from './errorfile.ts';
import { findErrors, readStatus, replace } from './replacing.ts';
import { readReply, REPLY_USAGE } from './reply.ts';

function errorloc(word: string, status: 302 | 303, more: string): DirectiveKeyword {
  return {
    usage: `${word} <status> <url>`,
    summary: `Answers with a redirection (${status}) where the proxy would answer with that status itself.${more}`,
    in: ANYWHERE,
    parse(words, scope) {
      const code = readStatus(words);
      const url = words.next('a URL');
      words.end();
      const reason = status === 302 ? 'Found' : reasonPhrase(status);
      const bytes = `HTTP/1.1 ${status} ${reason}\r\nCache-Control: no-cache\r\nContent-length: 0\r\nLocation: ${url}\r\n\r\n`;
      const reply: ErrorReply = { kind: 'raw', bytes };
      replace(scope, () => new Map([[code, reply]]));
    },
  };
}

export const directives: Record<string, DirectiveKeyword> = {
  errorfile: {
    usage: 'errorfile <status> <file>',
    summary: 'Answers with the bytes of a file where the proxy would answer with that status itself.',
    in: ANYWHERE,
    parse(words, scope) {
      const status = readStatus(words);
      const reply = readErrorFile(words.next('a file name'), words, scope);
      words.end();
      replace(scope, () => new Map([[status, reply]]));
    },
  },
  errorloc: errorloc('errorloc', 302, ' The same as errorloc302.'),
  errorloc302: errorloc('errorloc302', 302, ''),
  errorloc303: errorloc('errorloc303', 303, ''),
  errorfiles: {
    usage: 'errorfiles <name> [ <status> … ]',
    summary: 'Takes over the error files of an http-errors section, or those for some statuses.',
    in: ANYWHERE,
    parse(words: Words, scope: Scope) {
      const name = words.next('a name');
      const statuses: number[] = [];
      while (words.remaining > 0) statuses.push(readStatus(words));
      replace(scope, (names) => {
        const replies = findErrors(names, name)?.replies ?? new Map<number, ErrorReply>();
        return statuses.length === 0 ? replies : new Map([...replies].filter(([status]) => statuses.includes(status)));
      });
      scope.later((names) => {
        const section = findErrors(names, name);
        if (!section) words.fail(`proxy '${scope.name}': unknown http-errors section '${name}'.`);
        for (const status of statuses)
          if (!section.replies.has(status))
            words.warn(`proxy '${scope.name}' : status '${status}' not declared in http-errors section '${name}'.`);
      });
    },
  },
  'http-error': {
    usage: `http-error status <code> ${REPLY_USAGE.slice(REPLY_USAGE.indexOf('] ') + 2)}`,
    summary: 'What the proxy answers where it would answer with that status itself.',
    in: ANYWHERE,
    parse(words: Words, scope: Scope) {
      if (words.peek() !== 'status') words.fail(`${words.keyword} : expects at least a <status> as arguments.`);
      words.next('status');
      const status = readStatus(words);
      // Formats are evaluated wherever the error occurs; at most the request is there.
      const place = scope.proxy.isFrontend ? 'fe-http-request' : 'be-http-request';
      const answer = readReply(words, scope, status, [place]);
      if (answer.status !== status) words.fail(`${words.keyword} : 'status' stands twice`);
      words.end();
      replace(scope, () => new Map([[status, answer.asErrorReply()]]));
    },
  },
};
