import { type Field, type Lookable, lowerList, valueOf } from './fields.ts';
import { selecting, type Selector } from './vary.ts';

/** The only fields that `process-vary` knows; configuration.txt 6.2.1. */
const MANAGED: ReadonlySet<string> = new Set(['accept-encoding', 'origin', 'referer']);

/** Content codings of IANA's registry; a response in another one is not stored where it varies on what the client accepts. */
const CODINGS: ReadonlySet<string> = new Set([
  'aes128gcm',
  'br',
  'compress',
  'dcb',
  'dcz',
  'deflate',
  'exi',
  'gzip',
  'identity',
  'pack200-gzip',
  'x-compress',
  'x-gzip',
  'zstd',
]);

export interface Variant {
  readonly selectors: readonly Selector[];
  readonly coding: string | undefined;
}

/** How a response varies, or undefined when HAProxy's rules do not allow to store it. */
export function variantOf(
  fields: readonly Field[],
  names: readonly string[] | '*',
  request: Lookable,
): Variant | undefined {
  if (names === '*' || !names.every((name) => MANAGED.has(name))) return undefined;
  const exact = names.filter((name) => name !== 'accept-encoding');
  const selectors = exact.map((name) => [name, selecting(request, name)] as const);
  if (!names.includes('accept-encoding')) return { selectors, coding: undefined };
  const codings = lowerList(valueOf(fields, 'content-encoding') ?? 'identity').map(plain);
  if (codings.length !== 1 || !CODINGS.has(codings[0]!)) return undefined;
  return { selectors, coding: codings[0] };
}

/** Old names of two codings (RFC 9110 8.4.1). */
const plain = (coding: string): string =>
  coding === 'x-gzip' ? 'gzip' : coding === 'x-compress' ? 'compress' : coding;

/** Whether a client takes a coding (RFC 9110 12.5.3). Without Accept-Encoding it takes any. */
export function accepts(headers: Lookable, coding: string): boolean {
  if (coding === 'identity' || !headers.has('accept-encoding')) return true;
  let any: boolean | undefined;
  for (const member of lowerList(headers.all('accept-encoding').join(','))) {
    const [name, ...parameters] = member.split(';').map((part) => part.trim());
    const refused = parameters.some((parameter) => /^q\s*=\s*0(?:\.0*)?$/.test(parameter));
    if (plain(name!) === coding) return !refused;
    if (name === '*') any = !refused;
  }
  return any ?? false;
}
