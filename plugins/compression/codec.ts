import * as zlib from 'node:zlib';
import type { Algorithm, CompressionLimits } from './settings.ts';

const { constants } = zlib;
type Coder = zlib.Gzip | zlib.Deflate | zlib.DeflateRaw | zlib.BrotliCompress;

/** zstd came to Node with 22.15. */
type WithZstd = {
  createZstdCompress?: (options: object) => Coder;
  zstdCompressSync?: (bytes: Uint8Array, options: object) => Buffer;
};
const { createZstdCompress, zstdCompressSync } = zlib as unknown as WithZstd;
const zstdConstants = constants as unknown as Record<string, number>;

/** Whether the Node that runs has it. */
export function isAvailable(algorithm: Algorithm): boolean {
  return algorithm !== 'zstd' || createZstdCompress !== undefined;
}

/** Up to this size (bytes) a whole body is compressed at once: handing it to another thread costs more than doing it. */
export const SMALL = 16_384;

/** The same level, 1 to 9, means about the same cost for all of them. */
function options(algorithm: Algorithm, level: number, limits: CompressionLimits, size: number | undefined): object {
  if (algorithm === 'br') {
    return { params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_SIZE_HINT]: size ?? 0 } };
  }
  if (algorithm === 'zstd') return { params: { [zstdConstants['ZSTD_c_compressionLevel']!]: level } };
  // The header of `deflate` names the window, and old clients know the usual one only.
  if (size === undefined || algorithm === 'deflate')
    return { level, memLevel: limits.memory, windowBits: limits.window };
  // A window beyond the body only has to be cleared.
  const bits = Math.min(limits.window, Math.max(9, Math.ceil(Math.log2(size + 1))));
  return { level, windowBits: bits, memLevel: Math.min(limits.memory, Math.max(1, bits - 7)) };
}

/** Compresses a whole body, at once. */
export function compressWhole(
  algorithm: Algorithm,
  bytes: Uint8Array,
  level: number,
  limits: CompressionLimits,
): Uint8Array {
  const how = options(algorithm, level, limits, bytes.length);
  switch (algorithm) {
    case 'gzip':
      return zlib.gzipSync(bytes, how);
    case 'deflate':
      return zlib.deflateSync(bytes, how);
    case 'raw-deflate':
      return zlib.deflateRawSync(bytes, how);
    case 'br':
      return zlib.brotliCompressSync(bytes, how);
    case 'zstd':
      return zstdCompressSync!(bytes, how);
    default:
      return bytes;
  }
}

function makeCoder(algorithm: Exclude<Algorithm, 'identity'>, level: number, limits: CompressionLimits): Coder {
  const how = options(algorithm, level, limits, undefined);
  switch (algorithm) {
    case 'gzip':
      return zlib.createGzip(how);
    case 'deflate':
      return zlib.createDeflate(how);
    case 'raw-deflate':
      return zlib.createDeflateRaw(how);
    case 'br':
      return zlib.createBrotliCompress(how);
    default:
      return createZstdCompress!(how);
  }
}

function flushOf(algorithm: Algorithm): number {
  if (algorithm === 'br') return constants.BROTLI_OPERATION_FLUSH;
  return algorithm === 'zstd' ? zstdConstants['ZSTD_e_flush']! : constants.Z_SYNC_FLUSH;
}

/** As many pieces as Node's pool has threads are compressed at a time; others wait, so that the work of one client cannot fill it. */
const MOST = 4;
let busy = 0;
const waiting: (() => void)[] = [];

async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (busy >= MOST) await new Promise<void>((resolve) => waiting.push(resolve));
  else busy++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) busy--;
    else next();
  }
}

/** A body under way. What has been put in comes out at once, so that an event stream is not held back. */
export class StreamCoder {
  readonly #coder: Coder;
  readonly #flush: number;
  #level: number;
  readonly #adjustable: boolean;
  #out: Buffer[] = [];
  #failed: ((error: Error) => void) | undefined;

  constructor(algorithm: Exclude<Algorithm, 'identity'>, level: number, limits: CompressionLimits) {
    this.#coder = makeCoder(algorithm, level, limits);
    this.#flush = flushOf(algorithm);
    this.#level = level;
    this.#adjustable = algorithm !== 'br' && algorithm !== 'zstd';
    this.#coder.on('data', (bytes: Buffer) => this.#out.push(bytes));
    this.#coder.on('error', (error) => this.#failed?.(error));
  }

  get level(): number {
    return this.#level;
  }

  /** Changes the level from the next piece on, where the algorithm lets it be changed. */
  async setLevel(level: number): Promise<void> {
    if (!this.#adjustable || level === this.#level) return;
    this.#level = level;
    await this.#run((done) => (this.#coder as zlib.Deflate).params(level, constants.Z_DEFAULT_STRATEGY, done));
  }

  add(bytes: Uint8Array): Promise<Buffer> {
    return turn(() =>
      this.#run((done) => {
        this.#coder.write(bytes);
        this.#coder.flush(this.#flush, done);
      }),
    );
  }

  finish(): Promise<Buffer> {
    return turn(() => this.#run((done) => this.#coder.once('end', done).end()));
  }

  /** Gives the memory back; what is under way comes to nothing. */
  close(): void {
    this.#coder.destroy();
  }

  /** What comes out until `begin` says that it is done; nothing when the coder was closed meanwhile. */
  #run(begin: (done: () => void) => void): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#coder.off('close', settle);
        const bytes = this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out);
        this.#out = [];
        resolve(bytes);
      };
      this.#failed = reject;
      if (this.#coder.destroyed) {
        settle();
        return;
      }
      this.#coder.once('close', settle);
      begin(settle);
    });
  }
}
