import type { DirectiveKeyword, FilterFactory, FilterFlow, FilterSide, ProxyConfig } from 'sluice/plugin';

/** A body of a known length has none. */
const side: FilterSide = {
  borrows: true,
  head(flow: FilterFlow): void {
    if (flow.length !== undefined || flow.bodiless) flow.leave();
  },
  data: (chunk) => chunk,
  end(flow: FilterFlow): void {
    flow.trailers.length = 0;
  },
};

type Direction = 'request' | 'response';

/** The option as it stands when all sections have been read: a proxy may switch off what its defaults switched on. */
function factory(proxy: ProxyConfig, direction: Direction): FilterFactory {
  const wanted = direction === 'request' ? 'backend' : 'frontend';
  return {
    attach: (transaction, half) =>
      half === wanted && transaction.request !== undefined && proxy.settings.options.get(optionOf(direction)) === true
        ? { [direction]: side }
        : undefined,
  };
}

const optionOf = (direction: Direction): string => `http-drop-${direction}-trailers`;

function dropTrailers(direction: Direction): DirectiveKeyword {
  const option = optionOf(direction);
  return {
    usage: `[ no ] option ${option}`,
    summary: `Drops the trailers of ${direction}s (RFC 9110 6.5), which not all who read them tell from headers.`,
    in: ['defaults', direction === 'request' ? 'backend' : 'frontend'],
    negatable: true,
    parse(words, scope) {
      words.end();
      const { options } = scope.proxy.settings;
      if (words.form === 'default') options.delete(option);
      else options.set(option, words.form === 'plain');
      scope.later(({ proxies }) => {
        for (const proxy of proxies) {
          const { filters, options: chosen } = proxy.settings;
          if (proxy.kind === 'defaults' || chosen.get(option) !== true || filters.some(({ name }) => name === option))
            continue;
          filters.push({ name: option, plugin: 'filters', factory: factory(proxy, direction) });
        }
      });
    },
  };
}

export const trailerOptions: Readonly<Record<string, DirectiveKeyword>> = {
  'option http-drop-request-trailers': dropTrailers('request'),
  'option http-drop-response-trailers': dropTrailers('response'),
};
