import * as zlib from 'node:zlib';

/** A response taken apart: its fields as they stand, and the body without chunks and content coding. */
export interface Read {
  readonly status: number;
  readonly fields: string[];
  readonly coding: string | undefined;
  readonly body: string;
  /** Bytes of the body as it was sent. */
  readonly size: number;
}

type Decode = (bytes: Uint8Array) => Buffer;
const zstd = (zlib as unknown as { zstdDecompressSync?: Decode }).zstdDecompressSync;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: (bytes) => zlib.gunzipSync(bytes),
  deflate: (bytes) => (bytes[0] === 0x78 ? zlib.inflateSync(bytes) : zlib.inflateRawSync(bytes)),
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  zstd: (bytes) => zstd!(bytes),
};

/** Takes chunks off. */
export function unchunk(text: string): string {
  let out = '';
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (end < 0 || !(size > 0)) return out;
    out += text.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
}

/** Reads a byte string that holds one message. */
export function read(received: string): Read {
  const cut = received.indexOf('\r\n\r\n');
  const [line, ...fields] = received.slice(0, cut).split('\r\n');
  const raw = received.slice(cut + 4);
  const chunked = fields.some((field) => /^transfer-encoding: chunked$/i.test(field));
  const bytes = Buffer.from(chunked ? unchunk(raw) : raw, 'latin1');
  const coding = fields
    .map((field) => /^content-encoding: (.*)$/i.exec(field)?.[1])
    .findLast((name) => name !== undefined);
  const decode = coding === undefined ? undefined : DECODERS[coding];
  const body = (decode === undefined || bytes.length === 0 ? bytes : decode(bytes)).toString('latin1');
  return {
    status: Number(line!.slice(9, 12)),
    fields: fields.filter((field) => !/^connection:/i.test(field)),
    coding,
    body,
    size: bytes.length,
  };
}
