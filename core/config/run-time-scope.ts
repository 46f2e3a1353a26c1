import type { Samples } from '../api/expression.ts';
import type { Build } from './build.ts';
import { LineScope } from './scope.ts';
import { LineWords } from './words.ts';

/**
 * Fetches and converters by name when the configuration has been read. There is no line then: what is refused is thrown, and names of
 * sections are looked up at once.
 */
export function runTimeSamples(build: Build): Samples {
  return build.compiler.samples((proxy) => {
    const section = build.proxies.find((one) => one === proxy);
    const words = new LineWords('', [], 0, '', 'plain', build.diagnostics);
    return {
      scope: new LineScope(build, section, words, ''),
      acls: section?.acls ?? build.globalAcls,
      later: (check) => check(build.names),
      path: (file) => file,
    };
  });
}
