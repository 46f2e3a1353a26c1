import type { DirectiveKeyword, FilterKeyword, ProxyConfig, Words } from 'sluice/plugin';
import { isAvailable } from './codec.ts';
import { compressionFactory } from './factory.ts';
import { type Algorithm, COMPRESSION, type Direction, MEANS, type Means } from './settings.ts';

const ALGORITHMS: readonly Algorithm[] = ['identity', 'gzip', 'deflate', 'raw-deflate', 'br', 'zstd'];
const OPTIONS = [
  'algo',
  'algo-req',
  'algo-res',
  'type',
  'type-req',
  'type-res',
  'minsize-req',
  'minsize-res',
  'offload',
  'direction',
  'prefer',
];
const FILTERS: readonly string[] = ['compression', 'comp-req', 'comp-res'];

function algorithms(words: Words): Algorithm[] {
  const list: Algorithm[] = [];
  do {
    const name = words.next('<algorithm>');
    const algorithm = ALGORITHMS.find((one) => one === name);
    if (algorithm === undefined) words.unknown('compression algorithm', ALGORITHMS);
    if (!isAvailable(algorithm)) words.fail(`'zstd' needs Node.js 22.15 or later, and this is ${process.version}.`);
    list.push(algorithm);
  } while (words.remaining > 0);
  return list;
}

function types(words: Words): string[] {
  const list: string[] = [];
  do list.push(words.next('<type>').toLowerCase());
  while (words.remaining > 0);
  return list;
}

export const compression: DirectiveKeyword = {
  usage:
    'compression { algo | algo-req | algo-res } <algorithm> ... | { type | type-req | type-res } <type> ... | { minsize-req | minsize-res } <size> | ' +
    'prefer <algorithm> ... | direction { request | response | both } | offload',
  summary: 'Compresses bodies with gzip, deflate, raw-deflate, br or zstd.',
  in: ['defaults', 'frontend', 'backend'],
  parse(words, scope) {
    const settings = scope.proxy.extension(COMPRESSION);
    const option = words.oneOf('an option', OPTIONS);
    switch (option) {
      case 'algo':
      case 'algo-res':
        settings.response.algorithms.push(...algorithms(words));
        break;
      case 'algo-req':
        settings.request.algorithms = [...algorithms(words)];
        if (settings.request.algorithms.length > 1) words.fail(`'algo-req' takes one algorithm.`);
        break;
      case 'type':
      case 'type-res':
        settings.response.types.push(...types(words));
        break;
      case 'type-req':
        settings.request.types.push(...types(words));
        break;
      case 'minsize-req':
        settings.request.minSize = words.size('a size');
        break;
      case 'minsize-res':
        settings.response.minSize = words.size('a size');
        break;
      case 'prefer':
        settings.preference = algorithms(words);
        break;
      case 'direction': {
        const direction = words.oneOf('a direction', ['request', 'response', 'both']);
        settings.directions = new Set<Direction>(direction === 'both' ? ['request', 'response'] : [direction]);
        break;
      }
      default:
        settings.offload = true;
        if (scope.kind === 'defaults') {
          settings.offload = false;
          words.warn(`'compression offload' is ignored in a defaults section.`);
        }
    }
    words.end();
    // Without a `filter` line compression comes last, when all sections have been read.
    const means = scope.global.extension(MEANS);
    scope.later(({ proxies }) => {
      for (const proxy of proxies) if (proxy.kind !== 'defaults') addImplied(proxy, means, words);
    });
  },
};

/** What `compression` lines mean without a `filter` line; configuration.txt 9.2. */
function addImplied(proxy: ProxyConfig, means: Means, words: Words): void {
  const settings = proxy.findExtension(COMPRESSION);
  if (settings === undefined || settings.response.algorithms.length + settings.request.algorithms.length === 0) return;
  const { filters } = proxy.settings;
  if (filters.some(({ name }) => FILTERS.includes(name))) return;
  // It is for the cache and FastCGI alone to stand before it without a word.
  if (filters.some(({ name }) => name !== 'cache' && name !== 'fcgi-app'))
    words.fail(
      `'${proxy.name}': an explicit 'filter compression' line is needed to use compression beside other filters.`,
    );
  filters.push({
    name: 'compression',
    plugin: 'compression',
    factory: compressionFactory(means, settings, undefined),
  });
}

function filter(name: string, summary: string, directions: readonly Direction[] | undefined): FilterKeyword {
  return {
    usage: `filter ${name}`,
    summary,
    parse(words, scope) {
      if (words.remaining > 0) words.fail(`'filter ${name}' : unknown keyword '${words.peek()}'.`);
      const { proxy } = scope;
      const settings = proxy.extension(COMPRESSION);
      const chosen = directions && new Set(directions);
      return compressionFactory(
        scope.global.extension(MEANS),
        proxy.kind === 'defaults' ? undefined : settings,
        chosen,
      );
    },
  };
}

export const filters: Readonly<Record<string, FilterKeyword>> = {
  compression: filter('compression', 'Where compression stands among other filters.', undefined),
  'comp-req': filter('comp-req', 'The same, of requests.', ['request']),
  'comp-res': filter('comp-res', 'The same, of responses.', ['response']),
};

function limit(
  usage: string,
  summary: string,
  read: (words: Words) => number,
  field: 'level' | 'rate' | 'cpu' | 'memory' | 'window',
): DirectiveKeyword {
  return {
    usage,
    summary,
    in: ['global'],
    parse(words, scope) {
      scope.global.extension(MEANS).limits[field] = read(words);
      words.end();
    },
  };
}

export const limits: Readonly<Record<string, DirectiveKeyword>> = {
  maxcomprate: limit(
    'maxcomprate <kilobytes>',
    'The most that is compressed in a second, in kilobytes of input; 0: no limit.',
    (words) => 1024 * words.integer('a number of kilobytes', { min: 0 }),
    'rate',
  ),
  maxcompcpuusage: limit(
    'maxcompcpuusage <percent>',
    'With more use of the processor than this nothing is compressed; 100: no limit.',
    (words) => words.integer('a percentage', { min: 1, max: 100 }),
    'cpu',
  ),
  'tune.comp.maxlevel': limit(
    'tune.comp.maxlevel <1-9>',
    'How hard it is tried to compress.',
    (words) => words.integer('a level', { min: 1, max: 9 }),
    'level',
  ),
  'tune.zlib.memlevel': limit(
    'tune.zlib.memlevel <1-9>',
    "The memory of gzip's and deflate's tables.",
    (words) => words.integer('a level', { min: 1, max: 9 }),
    'memory',
  ),
  'tune.zlib.windowsize': limit(
    'tune.zlib.windowsize <8-15>',
    'The window of gzip and deflate, as a power of two.',
    (words) => Math.max(9, words.integer('a number of bits', { min: 8, max: 15 })),
    'window',
  ),
};
