import {
  type Arguments,
  type IpAddress,
  asBinary,
  asInteger,
  ipAddress,
  parseMask,
  parseWholeInteger,
  pure,
  wrap,
} from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';
import { variableName, variableReader } from './variables.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();

/** Cuts bytes into chunks and joins what `write` makes of each. */
function chunks(args: Arguments, fallback: number, largest: number, write: (chunk: Buffer) => string): Convert {
  const separator = args.optionalText(0) ?? '';
  const size = args.integer(1, fallback);
  const truncate = args.integer(2, 0);
  if (size < 1 || size > largest) args.fail(`chunk_size out of [1..${largest}] range (${size})`);
  if (truncate !== 0 && truncate !== 1) args.fail("truncate flag must be '0' or '1'");
  return pure((value) => {
    const bytes = value as Buffer;
    const texts: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      if (truncate === 1 && at + size > bytes.length) break;
      texts.push(write(bytes.subarray(at, at + size)));
    }
    return texts.join(separator);
  });
}

function hexChunks(args: Arguments): Convert {
  const separator = args.optionalText(0) ?? '';
  const size = args.integer(1, 0);
  if (size < 0 || (size === 0 && separator !== '')) args.fail(`chunk_size needs to be positive (${size})`);
  return chunks(args, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, hex);
}

const bigEndian = (chunk: Buffer): string => BigInt(`0x${chunk.toString('hex')}`).toString();
const littleEndian = (chunk: Buffer): string => bigEndian(Buffer.from(chunk.toReversed()));

/** A number, or a variable that holds one. */
function numberOrVariable(
  args: Arguments,
  index: number,
): ((transaction: Parameters<Convert>[1]) => number | undefined) | number {
  const text = args.text(index);
  if (variableName(text, args)) {
    const read = variableReader(args, index);
    return (transaction) => {
      const held = read(transaction);
      const value = held === undefined ? undefined : asInteger(held);
      return value === undefined ? undefined : Number(value);
    };
  }
  const value = parseWholeInteger(text);
  return value === undefined ? args.fail('expects an integer or a variable name') : Number(value);
}

function someBytes(args: Arguments): Convert {
  const offset = numberOrVariable(args, 0);
  const length = args.optionalText(1) === undefined ? Number.POSITIVE_INFINITY : numberOrVariable(args, 1);
  return (value, transaction) => {
    const from = typeof offset === 'number' ? offset : offset(transaction);
    const count = typeof length === 'number' ? length : length(transaction);
    const input = value as Buffer;
    if (from === undefined || from < 0 || from >= input.length || count === undefined || count < 0) return undefined;
    return input.subarray(from, Math.min(input.length, from + count));
  };
}

/** Base64 without its padding, in the alphabet for URLs. */
function decodeBase64(text: string, url: boolean): Buffer | undefined {
  const clean = url ? /^[A-Za-z0-9_-]*=*$/ : /^[A-Za-z0-9+/]*={0,2}$/;
  if (!clean.test(text) || (!url && text.length % 4 !== 0)) return undefined;
  if (url && text.replace(/=+$/, '').length % 4 === 1) return undefined;
  return Buffer.from(text, url ? 'base64url' : 'base64');
}

function mask(args: Arguments): Convert {
  const mask4 = parseMask(args.text(0), 4)!;
  const text6 = args.optionalText(1);
  const mask6 = text6 === undefined ? undefined : parseMask(text6, 6)!;
  return pure((value) => {
    const address = value as IpAddress;
    const wanted = address.family === 4 ? mask4 : mask6;
    return wanted && ipAddress(address.bytes.map((byte, i) => byte & wanted[i]!));
  });
}

/** Bits that say which control characters, by number, are looked for. */
function hasControl(args: Arguments): Convert {
  const wanted = args.optionalText(0);
  const bits = wanted === undefined ? 0xffffffff : Number(parseWholeInteger(wanted) ?? Number.parseInt(wanted, 16));
  if (Number.isNaN(bits)) args.fail('expects a mask of control characters');
  return pure((value) => (value as Buffer).some((byte) => byte < 32 && Math.floor(bits / 2 ** byte) % 2 === 1));
}

/** Converters between bytes and their spellings. configuration.txt 7.3.1. */
export const binaryConverters: ConverterTable = {
  ...simple('hex', 'bin => str', 'Two hex digits a byte.', hex),
  ...simple('hex2i', 'str => sint', 'The integer a hex number means.', (text: string) => {
    if (!/^[0-9a-fA-F]*$/.test(text)) return undefined;
    return wrap(text === '' ? 0n : BigInt(`0x${text}`));
  }),
  ...simple('base64', 'bin => str', 'In base64.', (value: Buffer) => value.toString('base64')),
  ...simple('ub64enc', 'bin => str', 'In base64 for URLs, not padded.', (value: Buffer) => value.toString('base64url')),
  ...simple('b64dec', 'str => bin', 'What a base64 text means.', (text: string) => decodeBase64(text, false)),
  ...simple('ub64dec', 'str => bin', 'What a base64 text for URLs means.', (text: string) => decodeBase64(text, true)),
  ...simple('base2', 'bin => str', 'Eight binary digits a byte.', (value: Buffer) =>
    Array.from(value, (byte) => byte.toString(2).padStart(8, '0')).join(''),
  ),
  ...converter('be2hex', 'string,[integer],[integer]', 'bin => str', 'In hex, cut into chunks.', hexChunks),
  ...converter(
    'be2dec',
    'string,[integer],[integer]',
    'bin => str',
    'Decimal numbers of chunks, most significant byte first.',
    (args) => chunks(args, 0, 8, bigEndian),
  ),
  ...converter(
    'le2dec',
    'string,[integer],[integer]',
    'bin => str',
    'Decimal numbers of chunks, least significant byte first.',
    (args) => chunks(args, 0, 8, littleEndian),
  ),
  ...converter('bytes', 'string,[string]', 'bin => bin', 'Some of the bytes.', someBytes),
  ...converter('ipmask', 'mask,[mask]', 'addr => addr', 'The address with the bits behind a mask cleared.', mask),
  ...converter('has_ctl', '[string]', 'bin => bool', 'Whether there are control characters.', hasControl),
  ...converter(
    'secure_memcmp',
    'string',
    'bin => bool',
    'Whether a variable holds the same bytes, in constant time.',
    (args) => {
      const read = variableReader(args);
      return (value, transaction) => {
        const held = read(transaction);
        return held === undefined ? undefined : sameBytes(value as Buffer, asBinary(held));
      };
    },
  ),
};

function sameBytes(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
