import type { CommandKeyword, Names, Words } from 'sluice/plugin';
import { keyOfUrl } from './key.ts';
import type { CacheSection } from './settings.ts';

/** HAProxy's caches are made of blocks of this size; configuration.txt 6. */
const BLOCK = 1024;

/** A number that stands for a key or a set of request headers, as HAProxy prints the first 32 bits of its hash. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
/** Nothing here has an address; a number stands in its place. */
const address = (text: string): string => hex(hash(text), 12);

function show({ name, store }: CacheSection): string {
  const free = Math.floor((store.limit - store.used) / BLOCK);
  let text = `${address(name)}: ${name} (shctx:${address(`${name} memory`)}, available blocks:${free})\n`;
  const now = Date.now() / 1000;
  for (const entry of store.entries()) {
    const varies = entry.selectors.map(([field, value]) => `${field}:${value ?? ''}`).join('\n') + (entry.coding ?? '');
    const { size } = entry;
    text +=
      `${address(entry.key + varies)} hash:${hash(entry.key)} vary:${hex(varies === '' ? 0 : hash(varies), 16)} ` +
      `size:${size} (${Math.ceil(size / BLOCK)} blocks), refcount:0, expire:${Math.floor(entry.left(now))}\n`;
  }
  return text;
}

function section(words: Words, names: Names): CacheSection {
  const name = words.next('the name of a cache');
  const caches = names.sections<CacheSection>('cache');
  return caches.get(name) ?? words.unknown('cache', caches.keys());
}

/** management.txt 9.3, show cache; and our own for emptying. They read the sections of the configuration they are run in. */
export const commands: Record<string, CommandKeyword> = {
  'show cache': {
    usage: 'show cache',
    summary: 'The caches and what is stored in them.',
    level: 'user',
    run(words, out, names) {
      words.end();
      for (const one of names.sections<CacheSection>('cache').values()) out.write(show(one));
    },
  },
  'purge cache': {
    usage: 'purge cache <name> { all | url <url> | prefix <url> | tag <tag> … }',
    summary: 'Takes responses out of a cache: all, those of a URL or of all that begin with one, or those with a tag.',
    level: 'operator',
    run(words, out, names) {
      const { store } = section(words, names);
      out.write(`${purge(words, store)} purged\n`);
    },
  },
};

function purge(words: Words, store: CacheSection['store']): number {
  const what = words.oneOf('what to purge', ['all', 'url', 'prefix', 'tag']);
  switch (what) {
    case 'all':
      words.end();
      return store.clear();
    case 'tag': {
      let count = store.removeTag(words.next('a tag'));
      while (words.remaining > 0) count += store.removeTag(words.next('a tag'));
      return count;
    }
    default: {
      const url = words.next('a URL');
      words.end();
      const key = keyOfUrl(url) ?? words.fail(`'${url}' is no http or https URL`);
      return what === 'url' ? store.removeKey(key) : store.removePrefix(key);
    }
  }
}
