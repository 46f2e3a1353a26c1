import type { ServerKeyword } from '../api/keywords.ts';
import type { ServerConfig } from '../api/settings.ts';
import type { Words } from '../api/words.ts';
import type { Build } from './build.ts';
import type { Diagnostic } from './diagnostics.ts';
import { tokensOf } from './load-plugins.ts';
import type { ProxySection } from './proxy-config.ts';
import { LineScope } from './scope.ts';
import { ServerLine } from './server-config.ts';
import { LineWords } from './words.ts';

/** What stands for the file of a line that nobody wrote into one. */
export const RUN_TIME = '(run time)';

/** What was read of a server's words at run time, and what was said of them; an alert refuses them. */
export interface ReadServer {
  readonly config: ServerConfig | undefined;
  readonly said: readonly Diagnostic[];
}

/**
 * Reads the words of a server that is added at run time with the `server` keyword, so that what is wrong with it is said in the
 * same words. It starts from no `default-server`. management.txt 9.3, `add server`.
 */
export function readServer(
  build: Build,
  section: ProxySection,
  name: string,
  address: string,
  words: readonly string[],
): ReadServer {
  const entry = build.keywords.directives.get('server');
  const before = section.servers.length;
  const tokens = tokensOf(['server', name, address, ...words]);
  const said = build.afterwards((diagnostics) => {
    const line = new LineWords(RUN_TIME, tokens, 1, 'server', 'plain', diagnostics);
    build.guard(line, entry?.plugin ?? 'language', () => {
      if (entry === undefined) line.fail("no plugin has the word 'server'");
      else entry.keyword.parse(line, new RunTimeScope(build, section, line, entry.plugin));
    });
  });
  const config = section.servers.at(before);
  if (config === undefined || said.some(({ severity }) => severity === 'alert')) {
    section.servers.length = before;
    return { config: undefined, said };
  }
  return { config, said };
}

class RunTimeScope extends LineScope {
  override newServer(name: string, address: string, words: Words): ServerConfig {
    const made = new ServerLine(name, address, words.file, words.line);
    made.dynamic = true;
    made.disabled = true;
    return made;
  }

  protected override checkServerWord(word: string, keyword: ServerKeyword, words: Words): void {
    if (keyword.atRunTime === false) words.fail(`'${word}' option is not accepted for dynamic server`);
  }
}
