import { type Arguments, type FetchFunction, type Transaction, type Value, asInteger } from 'sluice/plugin';
import { type FetchTable, aliases, fetch, simple } from './define.ts';
import { mayChange, received } from './received.ts';

type Side = (transaction: Transaction) => Buffer;

const request: Side = (transaction) => received(transaction, 'request');
const response: Side = (transaction) => received(transaction, 'response');
const either: Side = (transaction) => received(transaction, transaction.response ? 'response' : 'request');

const extent =
  (bytesOf: Side) =>
  (transaction: Transaction): number => {
    mayChange(transaction);
    return bytesOf(transaction).length;
  };

/** `<length>` bytes from `<offset>` on, when all of them have come; with a length of 0, what is there. */
function payload(bytesOf: Side): (args: Arguments) => FetchFunction {
  return (args) => {
    const [offset, length] = [args.integer(0), args.integer(1)];
    if (offset < 0 || length < 0) args.fail('offset and length must not be negative');
    return (transaction) => {
      const bytes = bytesOf(transaction);
      if (length === 0) {
        mayChange(transaction);
        return bytes.length <= offset ? undefined : bytes.subarray(offset);
      }
      return bytes.length < offset + length ? mayChange(transaction) : bytes.subarray(offset, offset + length);
    };
  };
}

/** Bytes whose number stands before them: `<length>` bytes of it at `<offset1>`, the bytes behind or at `<offset2>`. */
function payloadWithLength(bytesOf: Side): (args: Arguments) => FetchFunction {
  return (args) => {
    const [offset, size] = [args.integer(0), args.integer(1)];
    const second = args.optionalText(2);
    if (second !== undefined && !/^[+-]?[0-9]+$/.test(second)) args.fail('invalid offset2');
    if (size < 1 || size > 6) args.fail('the length field has 1 to 6 bytes');
    // With a sign it counts from behind the length field.
    const start =
      second === undefined ? offset + size : /^[+-]/.test(second) ? offset + size + Number(second) : Number(second);
    if (start < 0 || offset < 0) args.fail('payload length too short');
    return (transaction) => {
      const bytes = bytesOf(transaction);
      if (bytes.length < offset + size) return mayChange(transaction);
      const length = bytes.readUIntBE(offset, size);
      if (length === 0) return undefined;
      return bytes.length < start + length ? mayChange(transaction) : bytes.subarray(start, start + length);
    };
  };
}

/** The cookie of an RDP connection request (a TPKT with an X.224 request): its value, by name or the first. */
function rdpCookie(transaction: Transaction, name: string | undefined): string | undefined {
  const bytes = request(transaction);
  // TPKT version 3, then the X.224 header of 7 bytes: RFC 1006 and ITU-T X.224 section 13.3.
  if (bytes.length > 0 && bytes[0] !== 3) return undefined;
  if (bytes.length < 12 || bytes.length < bytes.readUInt16BE(2)) return mayChange(transaction);
  if (bytes[5] !== 0xe0) return undefined;
  const text = bytes.toString('latin1', 11, 11 + Math.min(bytes.length - 11, bytes[4]! - 6));
  const [, found, value] = /^Cookie: ([^=]*)=([^\r]*)\r\n/.exec(text) ?? [];
  if (found === undefined || (name !== undefined && found.toLowerCase() !== name.toLowerCase())) return undefined;
  return value;
}

function family(side: 'req' | 'res', bytesOf: Side): FetchTable {
  const from = side === 'req' ? 'request-l6' : 'response-l6';
  return {
    ...simple(`${side}.len`, 'sint', from, 'How many bytes are in the buffer.', extent(bytesOf)),
    ...fetch(`${side}.payload`, 'integer,integer', 'bin', from, 'Bytes of the buffer.', payload(bytesOf)),
    ...fetch(
      `${side}.payload_lv`,
      'integer,integer,[string]',
      'bin',
      from,
      'Bytes of the buffer behind their length.',
      payloadWithLength(bytesOf),
    ),
  };
}

const rdpName = (args: Arguments): string | undefined => args.optionalText(0) || undefined;

/** Fetches from the bytes of a connection. configuration.txt 7.3.5. */
export const payloadFetches: FetchTable = {
  ...family('req', request),
  ...family('res', response),
  ...simple('req_len', 'sint', 'request-l6', 'How many bytes are in the buffer.', extent(request)),
  ...fetch('payload', 'integer,integer', 'bin', 'either-l6', 'Bytes of the buffer.', payload(either)),
  ...fetch(
    'payload_lv',
    'integer,integer,[string]',
    'bin',
    'either-l6',
    'Bytes of the buffer behind their length.',
    payloadWithLength(either),
  ),
  ...aliases(
    fetch('req.rdp_cookie', '[string]', 'str', 'request-l6', 'The cookie of an RDP client.', (args) => {
      const name = rdpName(args);
      return (transaction) => rdpCookie(transaction, name);
    }),
    'rdp_cookie',
  ),
  ...aliases(
    fetch(
      'req.rdp_cookie_cnt',
      '[string]',
      'sint',
      'request-l6',
      'Whether there is a cookie of an RDP client.',
      (args) => {
        const name = rdpName(args);
        return (transaction): Value | undefined => asInteger(rdpCookie(transaction, name) !== undefined);
      },
    ),
    'rdp_cookie_cnt',
  ),
};
