import type { Extension } from 'sluice/plugin';
import { Pace } from './pace.ts';

/** HAProxy's algorithms, and two that are ours. */
export type Algorithm = 'identity' | 'gzip' | 'deflate' | 'raw-deflate' | 'br' | 'zstd';
export type Direction = 'request' | 'response';

/** What a proxy's `compression` lines say about one direction. */
export interface DirectionSettings {
  /** In the order of the lines. */
  algorithms: Algorithm[];
  /** Lower case beginnings of media types; all types if there is none. */
  types: string[];
  /** Bytes: smaller bodies are left alone. */
  minSize: number;
}

export interface Compression {
  request: DirectionSettings;
  response: DirectionSettings;
  /** `compression prefer`: of algorithms that a client likes alike, the first of these. */
  preference: Algorithm[] | undefined;
  /** `compression direction`: what `filter compression` and no filter line at all mean. */
  directions: ReadonlySet<Direction>;
  /** Servers are not to compress. */
  offload: boolean;
}

const direction = (): DirectionSettings => ({ algorithms: [], types: [], minSize: 0 });
const copy = (from: DirectionSettings): DirectionSettings => ({
  algorithms: [...from.algorithms],
  types: [...from.types],
  minSize: from.minSize,
});

export const COMPRESSION: Extension<Compression> = {
  name: 'compression: proxy',
  create: () => ({
    request: direction(),
    response: direction(),
    preference: undefined,
    directions: new Set<Direction>(['response']),
    offload: false,
  }),
  inherit: (from) => ({ ...from, request: copy(from.request), response: copy(from.response), offload: false }),
};

/** Limits for the whole process; configuration.txt 3.2. */
export interface CompressionLimits {
  /** 1 to 9; `tune.comp.maxlevel`. */
  level: number;
  /** Bytes of input a second, 0: no limit; `maxcomprate`. */
  rate: number;
  /** Percent of a core, 100: no limit; `maxcompcpuusage`. */
  cpu: number;
  /** zlib's `memLevel` and `windowBits`; `tune.zlib.memlevel`, `tune.zlib.windowsize`. */
  memory: number;
  window: number;
}

/** What all filters of a process share. */
export interface Means {
  readonly limits: CompressionLimits;
  readonly pace: Pace;
}

export const MEANS: Extension<Means> = {
  name: 'compression: process',
  create: () => {
    const limits = { level: 1, rate: 0, cpu: 100, memory: 8, window: 15 };
    return { limits, pace: new Pace(limits) };
  },
};
