import { quoted } from './quoted.ts';
import { decodeFrame, type DecodedFrame, type NamedValue, type TypedValue } from './decode.ts';
import { CodecError, FLAG } from './protocol.ts';
import { SpopReader } from './reader.ts';

/** Bytes of a value that are shown. */
const SHOWN = 200;

/** A frame (without its length) as text of several lines; one that cannot be read, as far as its head goes, with the reason. */
export function formatFrame(bytes: Buffer): string {
  const reader = new SpopReader();
  try {
    return text(decodeFrame(reader, bytes), bytes.length);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const head = `${reader.frameType} stream=${reader.streamId} frame=${reader.frameId}`;
    return `invalid frame (${error.message}), type ${head}, ${bytes.length} bytes\n  ${shortHex(bytes)}`;
  }
}

function text(frame: DecodedFrame, length: number): string {
  const { type, flags, streamId, frameId } = frame;
  const title = typeof type === 'number' ? `frame type ${type}` : type;
  const lines = [`${title} stream=${streamId} frame=${frameId}${flagText(flags)} ${length} bytes`];
  for (const item of frame.items ?? []) lines.push(`  ${named(item)}`);
  for (const { name, args } of frame.messages ?? []) {
    lines.push(`  message ${word(name)}`);
    for (const arg of args) lines.push(`    ${named(arg)}`);
  }
  for (const action of frame.actions ?? []) {
    const target = `${action.scope}.${word(action.name)}`;
    lines.push(action.kind === 'set-var' ? `  set-var ${target} = ${valueText(action)}` : `  unset-var ${target}`);
  }
  if (frame.payload) lines.push(`  payload ${shortHex(frame.payload)}`);
  return lines.join('\n');
}

/** Flags are only told where they are not FIN alone, as they are on nearly every frame. */
function flagText(flags: number): string {
  if (flags === FLAG.FIN) return '';
  const words = [flags & FLAG.FIN ? 'FIN' : '', flags & FLAG.ABORT ? 'ABORT' : ''].filter((flag) => flag !== '');
  const rest = (flags & ~3) >>> 0;
  if (rest !== 0) words.push(`0x${rest.toString(16)}`);
  return ` flags=${words.join('+') || 'none'}`;
}

function named(value: NamedValue): string {
  return `${value.name === '' ? '(unnamed)' : word(value.name)} = ${valueText(value)}`;
}

function valueText({ type, value }: TypedValue): string {
  if (type === 'null') return 'null';
  if (type === 'bool') return String(value);
  if (typeof value === 'string') return `string ${quoted(value.slice(0, SHOWN))}${more(value.length, 'characters')}`;
  if (Buffer.isBuffer(value)) return `binary ${shortHex(value)}`;
  return `${type} ${String(value)}`;
}

function shortHex(bytes: Buffer): string {
  return `${bytes.subarray(0, SHOWN).toString('hex')}${more(bytes.length, 'bytes')}`;
}

function more(length: number, unit: string): string {
  return length > SHOWN ? ` … ${length} ${unit}` : '';
}

/** A name as it is, unless it has what a terminal might obey. */
function word(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : quoted(name.slice(0, SHOWN));
}
