import { CodecError, STATUS } from './protocol.ts';
import { SpopReader } from './reader.ts';

/** Header fields in order; names as they were sent (HAProxy sends them in lower case). */
export type Headers = readonly (readonly [name: string, value: string])[];

/**
 * Reads what `req.hdrs` or `res.hdrs` (lines of text) or `req.hdrs_bin` or `res.hdrs_bin` (binary) gave. Pass `args.bytes('headers')`: values then keep every byte,
 * as latin1; or `args.get('headers')`, where text is UTF-8. What is missing has no headers.
 * @throws CodecError for binary that is cut off; TypeError for what is neither.
 */
export function readHeaders(sample: unknown): Headers {
  if (sample === null || sample === undefined) return [];
  if (typeof sample === 'string') return readLines(sample);
  // Text ends with an empty line, the binary form with two empty strings.
  if (Buffer.isBuffer(sample)) return sample.at(-1) === 10 ? readLines(sample.toString('latin1')) : readBinary(sample);
  throw new TypeError('headers are a string (req.hdrs) or binary (req.hdrs_bin)');
}

function readLines(text: string): Headers {
  const headers: [string, string][] = [];
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return headers;
}

/** configuration.txt, `req.hdrs_bin`: strings with their length as a varint, name and value in turn, an empty pair at the end. */
function readBinary(bytes: Buffer): Headers {
  const reader = new SpopReader('latin1');
  reader.payload(bytes);
  const headers: [string, string][] = [];
  while (reader.more) {
    const name = reader.string();
    const value = reader.string();
    if (name === '' && value === '') return headers;
    headers.push([name, value]);
  }
  throw new CodecError(STATUS.INVALID, 'the list of headers has no end');
}
