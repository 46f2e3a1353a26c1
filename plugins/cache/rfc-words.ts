import type { Words } from 'sluice/plugin';
import type { CacheSettings } from './settings.ts';

type Line = (words: Words) => void;

const YEAR = 31_536_000;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** RFC 8941 3.3.4: a token, as the members of Cache-Status are named. */
const TOKEN = /^[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*$/;

const seconds = (words: Words): number => words.integer('a number of seconds', { min: 0, max: YEAR });
const onOff = (words: Words): boolean => words.oneOf('on or off', ['on', 'off']) === 'on';

/** Header field names to the end of the line, or `none`. */
function names(words: Words): string[] {
  if (words.optional('none') !== undefined) return [];
  const list: string[] = [];
  do {
    const name = words.next("a header field's name, or none");
    if (!FIELD_NAME.test(name)) words.fail(`'${name}' is no name of a header field`);
    list.push(name.toLowerCase());
  } while (words.remaining > 0);
  return list;
}

function heuristic(words: Words, settings: CacheSettings): void {
  if (words.optional('off') !== undefined) settings.heuristicPercent = 0;
  else settings.heuristicPercent = words.integer('a percentage, or off', { min: 1, max: 100 });
  if (words.optional('max') !== undefined) settings.heuristicMost = seconds(words);
}

/** What `rfc9111 on` brings, word by word. Each of them is refused without it: it would do nothing. */
function table(settings: CacheSettings): Readonly<Record<string, Line>> {
  return {
    heuristic: (words) => heuristic(words, settings),
    'stale-while-revalidate': (words) => void (settings.staleWhileRevalidate = seconds(words)),
    'stale-if-error': (words) => void (settings.staleIfError = seconds(words)),
    grace: (words) => void (settings.grace = seconds(words)),
    coalesce(words) {
      if (words.optional('off') !== undefined) settings.coalesce = 0;
      else settings.coalesce = words.time('a time, or off', 'ms', { min: 1 });
    },
    'pass-time': (words) => void (settings.passTime = seconds(words)),
    'client-cache-control': (words) =>
      void (settings.clientDirectives = words.oneOf('honor or ignore', ['honor', 'ignore']) === 'honor'),
    'request-cookies'(words) {
      settings.cookies = words.oneOf('use or pass', ['use', 'pass']) === 'pass' ? 'pass' : 'rfc';
    },
    'set-cookie': (words) =>
      void (settings.setCookie = words.oneOf('explicit, store or pass', ['explicit', 'store', 'pass'])),
    targets: (words) => void (settings.targets = names(words)),
    tags: (words) => void (settings.tagFields = names(words)),
    'cache-status'(words) {
      const name = words.next('a name, or off');
      if (name !== 'off' && !TOKEN.test(name)) words.fail(`'${name}' is no token (RFC 8941)`);
      settings.cacheStatus = name === 'off' ? undefined : name;
    },
    ranges: (words) => void (settings.ranges = onOff(words)),
  };
}

export interface RfcWords {
  readonly directives: Readonly<Record<string, Line>>;
  /** To be called at the end of the section. */
  check(): void;
}

/** The words of a `cache` section that go beyond HAProxy's. */
export function rfcWords(settings: CacheSettings): RfcWords {
  const used: { readonly words: Words; readonly name: string }[] = [];
  const directives: Record<string, Line> = {
    rfc9111(words) {
      settings.rfc9111 = onOff(words);
      words.end();
    },
  };
  for (const [name, read] of Object.entries(table(settings))) {
    directives[name] = (words) => {
      read(words);
      words.end();
      used.push({ words, name });
    };
  }
  return {
    directives,
    check() {
      for (const { words, name } of settings.rfc9111 ? [] : used)
        words.fail(`'${name}' has no effect without 'rfc9111 on'`);
    },
  };
}
