import type { ErrorReply, SectionKeyword, SectionReader, SectionScope, Words } from 'sluice/plugin';
import { readErrorFile } from './errorfile.ts';
import { readStatus } from './replacing.ts';

/** A finished `http-errors` section, as {@link Names.section} gives it. */
export interface HttpErrors {
  readonly replies: ReadonlyMap<number, ErrorReply>;
}

/** configuration.txt 12.4. */
export const httpErrors: SectionKeyword = {
  usage: 'http-errors <name>',
  summary: 'Error files that proxies and rules can refer to by the name of the section.',
  named: true,
  open(_name: string, _words: Words, scope: SectionScope): SectionReader {
    const replies = new Map<number, ErrorReply>();
    return {
      directives: {
        errorfile(line) {
          const status = readStatus(line);
          const name = line.next('a file name');
          line.end();
          replies.set(status, readErrorFile(name, line, scope));
        },
      },
      close: (): HttpErrors => ({ replies }),
    };
  },
};
