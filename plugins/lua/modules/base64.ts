import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { library } from './library.ts';

export const toBase64 = (bytes: Buffer): string => bytes.toString('base64');
/** Takes both alphabets and skips what belongs to neither, as most of the Lua libraries do. */
export const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');

const encode: HostFunction = (call) => {
  call.pushString(toBase64(call.bytes(1)));
  return 1;
};
const decode: HostFunction = (call) => {
  call.pushBytes(fromBase64(call.string(1)));
  return 1;
};

/** `base64`: what lbase64 and its kin share, and the URL's alphabet besides. */
export const base64: HostFunction = (call: LuaCall) => {
  library(call, {
    encode,
    decode,
    encode_url: (at) => {
      at.pushString(at.bytes(1).toString('base64url'));
      return 1;
    },
    decode_url: decode,
    enc: encode,
    dec: decode,
    to_base64: encode,
    from_base64: decode,
  });
  return 1;
};
