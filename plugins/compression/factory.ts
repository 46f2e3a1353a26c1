import type { FilterFactory } from 'sluice/plugin';
import { CompressionFilter } from './filter.ts';
import { COMPRESSION, type Compression, type Direction, type Means } from './settings.ts';

/**
 * Attaches a filter to every request of the proxy. Without `settings` (a line of `defaults`) it works with those of the proxy, without
 * `directions` with what `compression direction` says.
 */
export function compressionFactory(
  means: Means,
  settings: Compression | undefined,
  directions: ReadonlySet<Direction> | undefined,
): FilterFactory {
  return {
    attach(transaction, side) {
      const proxy = side === 'frontend' ? transaction.frontend : transaction.backend!;
      const own = settings ?? proxy.extension(COMPRESSION);
      if (transaction.request === undefined || own === undefined) return undefined;
      return new CompressionFilter(transaction, proxy, own, means, directions ?? own.directions);
    },
  };
}
