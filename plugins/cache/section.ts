import type { Extension, SectionKeyword, Words } from 'sluice/plugin';
import { rfcWords } from './rfc-words.ts';
import { type CacheSection, type CacheSettings, defaultSettings } from './settings.ts';
import { Store } from './store.ts';

const MIB = 1_048_576;
/** configuration.txt 6.2.1, total-max-size, in MiB. */
const LARGEST = 4095;

/** The `cache` sections of a configuration, in its global part, where `setup` finds them. */
export interface Caches {
  readonly sections: CacheSection[];
}
export const CACHES: Extension<Caches> = { name: 'cache/sections', create: () => ({ sections: [] }) };

/** A number without a unit; `message` is what HAProxy says of anything else. */
function number(words: Words, what: string): number {
  const text = words.peek() ?? '';
  if (!/^\d{1,10}$/.test(text)) {
    if (words.remaining > 0) words.next('');
    words.fail(`${what} wrong value '${text}'`);
  }
  return Number(words.next('a number'));
}

/** `on` or `off`. HAProxy only warns of another word, and goes on as if the line were not there. */
function processVary(words: Words, settings: CacheSettings): void {
  const word = words.peek();
  if (word !== undefined) words.next('on or off');
  words.end();
  if (word === 'on' || word === 'off') settings.vary = word === 'on';
  else words.warn(`'process-vary' expects "on" or "off" (enable or disable vary processing).`);
}

function earlyHints(words: Words, settings: CacheSettings): void {
  settings.earlyHints = words.oneOf('on, off or only', ['on', 'off', 'only']);
  if (words.optional('ratio') !== undefined) {
    settings.hintRatio = words.integer('a percentage', { min: 1, max: 99 });
    if (settings.earlyHints !== 'on') words.warn(`'ratio' has no effect with 'early-hints ${settings.earlyHints}'`);
  }
  words.end();
}

/** configuration.txt 6.2.1, and the words of RFC 9111 (docs/cache.md). */
export const cacheSection: SectionKeyword = {
  usage: 'cache <name>',
  summary: 'Memory in which responses are kept, and the rules by which they are.',
  named: true,
  open(name, words, scope) {
    const { sections } = scope.global.extension(CACHES);
    if (sections.some((other) => other.name === name)) words.fail(`Duplicate cache name '${name}'.`);
    const settings = defaultSettings();
    const rfc = rfcWords(settings);
    return {
      directives: {
        'total-max-size'(line) {
          const size = number(line, 'total-max-size');
          line.end();
          if (size > LARGEST) line.fail(`"total-max-size" (${size}) must not be greater than ${LARGEST}`);
          settings.total = size * MIB;
        },
        'max-object-size'(line) {
          if (line.remaining === 0) line.fail("'max-object-size' expects a maximum file size parameter in bytes.");
          settings.maxObject = number(line, 'max-object-size');
          line.end();
        },
        'max-age'(line) {
          const text = line.next('an age parameter in seconds.');
          // HAProxy stops reading at the unit.
          if (!/^\d{1,9}s?$/.test(text)) line.fail(`'max-age' expects an age parameter in seconds, got '${text}'`);
          settings.maxAge = Number.parseInt(text, 10);
          line.end();
        },
        'process-vary': (line) => processVary(line, settings),
        'max-secondary-entries'(line) {
          if (line.remaining === 0) line.fail("'max-secondary-entries' expects a strictly positive number.");
          settings.maxSecondary = number(line, 'max-secondary-entries');
          line.end();
          if (settings.maxSecondary === 0) line.fail("max-secondary-entries wrong value '0'");
        },
        'early-hints': (line) => earlyHints(line, settings),
        ...rfc.directives,
      },
      close() {
        if (settings.total === 0) words.fail(`Size not specified for cache '${name}'`);
        if (settings.maxObject > settings.total / 2)
          words.fail(`"max-object-size" is limited to an half of "total-max-size" => ${settings.total / 2}`);
        rfc.check();
        const section: CacheSection = { name, settings, store: new Store(name) };
        sections.push(section);
        return section;
      },
    };
  },
};
