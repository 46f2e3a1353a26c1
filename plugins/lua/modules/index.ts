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

/**
 * Modules that many scripts bring along: one that is found where the configuration or the script said to look comes first. Those of the
 * system's folders do not, as they may need modules written in C.
 */
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

/** A searcher before that of files: it leaves alone what a part of the path has that was not there to begin with. */
const INSTALL = `
local loader_of = ...
local system = {}
for part in package.path:gmatch("[^;]+") do
  if part:sub(1, 1) ~= "." then system[part] = true end
end
table.insert(package.searchers, 2, function(name)
  local loader = loader_of(name)
  if not loader then return nil end
  local own = {}
  for part in package.path:gmatch("[^;]+") do
    if not system[part] then own[#own + 1] = part end
  end
  if package.searchpath(name, table.concat(own, ";")) then return nil end
  return loader
end)
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
  const chunk = state.load(Buffer.from(INSTALL), 'modules');
  state.run(chunk, [search]);
  state.release(chunk);
}
