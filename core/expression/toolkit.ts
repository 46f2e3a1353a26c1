/** What fetches, converters and match methods are written with; exported to plugins. Pure, but for keys of state kept elsewhere. */
export {
  embeddedIpv4,
  endpointAddress,
  integerFromIpv4,
  ipAddress,
  ipv4FromInteger,
  mapToIpv6,
  maskOf,
  parseAddress,
  parseIpv4,
  parseIpv6,
  parseMask,
} from './addresses.ts';
export { asAddress, asBinary, asBoolean, asInteger, asString, canCast, typeOf } from './casts.ts';
export { constant, pure, steady } from './constants.ts';
export { type Integer, INT64_MAX, INT64_MIN, parseWholeInteger, saturate, wrap } from './integers.ts';
export {
  PATTERNS,
  type PatternChange,
  PatternDraft,
  type PatternEntries,
  type PatternEntry,
  PatternReference,
  PatternReferences,
  buildFrom,
  followReference,
} from './references.ts';
export { ExpressionError } from './errors.ts';
export { hint } from './nearest.ts';
export { hasFailed } from './outcome.ts';
export { jsonString } from './encode.ts';
export { resolveHostSync } from '../net/resolve-sync.ts';
export { tcpInfoProblem } from '../net/tcp-info.ts';
export { acceptDate, requestDate, timers } from './timers.ts';
export { type Regex, compileRegex, regexError } from './regex.ts';
export { xxh32, xxh64 } from './xxhash.ts';
export { PLACES, PLACE_NAMES, isReadable, sourceNeeds } from './sources.ts';
export {
  type Address as SocketAddress,
  AddressError,
  formatAddress as formatSocketAddress,
  parseAddress as parseSocketAddress,
} from '../net/address.ts';
export { abstractName, nativePath } from '../net/listen-target.ts';
