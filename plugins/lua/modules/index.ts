import type { HostFunction, LuaState } from '../engine/engine.ts';
import { argon2 } from './argon2.ts';
import { base64 } from './base64.ts';
import { bignum } from './bignum.ts';
import { bit, bit32 } from './bits.ts';
import { store, x509 } from './certificates.ts';
import { cipher, kdf } from './cipher.ts';
import { digest, hmac, md5, sha1, sha2 } from './digests.ts';
import { host } from './host.ts';
import { http, https } from './http.ts';
import { cjson, cjsonSafe, dkjson, json } from './json.ts';
import { pkey } from './keys.ts';
import { library, written } from './library.ts';
import { ltn12 } from './ltn12.ts';
import { mime } from './mime.ts';
import { randbytes, rand } from './random.ts';
import { socket } from './socket.ts';
import { url } from './url.ts';

const openssl: HostFunction = (call) => {
  library(call, {
    version: (at) => {
      at.pushString(`OpenSSL ${process.versions.openssl}`);
      return 1;
    },
  });
  call.pushString(`OpenSSL ${process.versions.openssl}`);
  call.setField(-2, 'VERSION_TEXT');
  return 1;
};

/** Modules that are written in C elsewhere: nothing on the path could take their place. */
export const nativeModules: Readonly<Record<string, HostFunction>> = {
  cjson,
  'cjson.safe': cjsonSafe,
  bit,
  argon2,
  randbytes,
  openssl,
  'openssl.digest': digest,
  'openssl.hmac': hmac,
  'openssl.rand': rand,
  'openssl.cipher': cipher,
  'openssl.kdf': kdf,
  'openssl.bignum': bignum,
  'openssl.pkey': pkey,
  'openssl.x509': x509,
  'openssl.x509.store': store,
  'sluice.host': host,
  socket: written(socket, 'socket'),
  'socket.core': written(socket, 'socket'),
  mime: written(mime, 'mime'),
};

/** Modules that many scripts bring along: one that is found on the path comes first, as it would with HAProxy. */
export const fallbackModules: Readonly<Record<string, HostFunction>> = {
  json,
  dkjson,
  bit32,
  base64,
  md5,
  sha1,
  sha2,
  ltn12: written(ltn12, 'ltn12'),
  'socket.url': written(url, 'socket.url'),
  'socket.http': written(http, 'socket.http'),
  'ssl.https': written(https, 'ssl.https'),
};

/** A searcher behind all others; it is only asked for names that no file has. */
const INSTALL = `
local search = ...
table.insert(package.searchers, search)
`;

/** Makes the second kind known to a state; the first goes into its `preload`. */
export function installFallbacks(state: LuaState): void {
  const { main } = state;
  main.pushFunction((call) => {
    const loader = fallbackModules[call.string(1)];
    if (loader === undefined) call.pushNil();
    else call.pushFunction(loader, call.string(1));
    return 1;
  }, 'search');
  const search = main.ref(-1);
  main.pop();
  const chunk = state.load(Buffer.from(INSTALL), '=modules');
  state.run(chunk, [search]);
  state.release(chunk);
}
