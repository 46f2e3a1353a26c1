import { type Arguments, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';

/** Separates the fields of a FIX message: `tag=value<SOH>`. */
const SOH = 1;
const EQUALS = 61;

/** The tags that have names in the configuration. */
const TAGS: Readonly<Record<string, number>> = {
  BeginString: 8,
  BodyLength: 9,
  MsgType: 35,
  SenderCompID: 49,
  TargetCompID: 56,
  CheckSum: 10,
};

const VERSIONS: ReadonlySet<string> = new Set(['FIX.4.0', 'FIX.4.1', 'FIX.4.2', 'FIX.4.3', 'FIX.4.4', 'FIXT.1.1']);
/** `8=FIX.4.4|9=5|35=A|10=000|`: with fewer bytes nothing is said. */
const SHORTEST = 26;

interface Field {
  readonly tag: number;
  readonly value: Buffer;
  readonly start: number;
  /** Behind the separator. */
  readonly end: number;
}

/** The field at an offset: `cut` while its end has not come, `wrong` without a number before its equals sign. */
function fieldAt(message: Buffer, start: number): Field | 'cut' | 'wrong' {
  const end = message.indexOf(SOH, start);
  if (end < 0) return 'cut';
  const equals = message.indexOf(EQUALS, start);
  if (equals < 0 || equals > end) return 'wrong';
  const tag = message.toString('latin1', start, equals);
  if (!/^[0-9]+$/.test(tag) || Number(tag) === 0) return 'wrong';
  return { tag: Number(tag), value: message.subarray(equals + 1, end), start, end: end + 1 };
}

/** Whether the bytes begin with a FIX message: the first three fields, the length and the sum of its bytes. */
function isValid(message: Buffer): boolean | undefined {
  if (message.length < SHORTEST) return undefined;
  const begin = fieldAt(message, 0);
  if (begin === 'cut') return undefined;
  if (begin === 'wrong' || begin.tag !== TAGS.BeginString || !VERSIONS.has(begin.value.toString('latin1')))
    return false;
  const length = fieldAt(message, begin.end);
  if (length === 'cut') return undefined;
  const digits = length === 'wrong' || length.tag !== TAGS.BodyLength ? '' : length.value.toString('latin1');
  if (length === 'wrong' || !/^[0-9]+$/.test(digits)) return false;
  const type = fieldAt(message, length.end);
  if (type === 'cut') return undefined;
  if (type === 'wrong' || type.tag !== TAGS.MsgType) return false;
  const bodyEnd = length.end + Number(digits);
  let sum = 0;
  for (let at = 0; at < message.length;) {
    const field = fieldAt(message, at);
    if (field === 'cut') return undefined;
    if (field === 'wrong') return false;
    if (field.tag === TAGS.CheckSum) {
      const given = field.value.toString('latin1');
      return field.start === bodyEnd && /^[0-9]{3}$/.test(given) && Number(given) === sum % 256;
    }
    for (; at < field.end; at++) sum += message[at]!;
  }
  return undefined;
}

const BY_NAME: ReadonlyMap<string, number> = new Map(
  Object.entries(TAGS).map(([name, tag]) => [name.toLowerCase(), tag]),
);

function tagValue(args: Arguments): Convert {
  const name = args.text(0);
  const tag = /^0*[1-9][0-9]*$/.test(name) ? Number(name) : BY_NAME.get(name.toLowerCase());
  if (tag === undefined) return args.fail(`Unknown FIX tag name '${name}'`);
  return pure((value) => {
    const message = value as Buffer;
    for (let at = 0; at < message.length;) {
      const field = fieldAt(message, at);
      if (field === 'cut' || field === 'wrong') return undefined;
      if (field.tag === tag) return field.value;
      at = field.end;
    }
    return undefined;
  });
}

/** The Financial Information eXchange protocol, FIX 4.0 to 5.0SP2 over FIXT. configuration.txt 7.3.1. */
export const fixConverters: ConverterTable = {
  ...simple('fix_is_valid', 'bin => bool', 'Whether the bytes are a FIX message.', isValid),
  ...converter('fix_tag_value', 'string', 'bin => bin', 'The value of a tag of a FIX message.', tagValue),
};
