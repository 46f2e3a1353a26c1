import { createHash, X509Certificate } from 'node:crypto';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { pushBignum } from './bignum.ts';
import { algorithmNamed } from './digests.ts';
import { keyClass } from './keys.ts';
import { classOf, module } from './library.ts';

/** Names and values in order: of a subject, an issuer, or alternative names. */
type Entries = readonly (readonly [name: string, value: string])[];
interface NameList {
  readonly entries: Entries;
}

/** The lines of Node's names (`CN=example.org`). */
const named = (text: string): Entries =>
  text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);

/** Node's list of alternative names (`DNS:a, DNS:b`), by luaossl's names of the kinds. */
const alternatives = (text: string): Entries =>
  text.split(', ').flatMap((entry) => {
    const colon = entry.indexOf(':');
    return colon < 0 ? [] : [[entry.slice(0, colon).replace('IP Address', 'IP'), entry.slice(colon + 1)] as const];
  });

function list(text: (entries: Entries) => string): ReturnType<typeof classOf<NameList>> {
  const type: ReturnType<typeof classOf<NameList>> = classOf({
    name: 'X509_NAME*',
    methods: {
      all: (call) => {
        call.newTable();
        call.object(1, type(call.state)).entries.forEach(([name, value], index) => {
          call.newTable();
          call.pushString(name);
          call.setField(-2, 'sn');
          call.pushString(value);
          call.setField(-2, 'blob');
          call.setIndex(-2, index + 1);
        });
        return 1;
      },
      each: (call) => {
        pushIterator(call, call.object(1, type(call.state)).entries);
        return 1;
      },
    },
    meta: {
      __pairs: (call) => {
        pushIterator(call, call.object(1, type(call.state)).entries);
        return 1;
      },
      __tostring: (call) => {
        call.pushString(text(call.object(1, type(call.state)).entries));
        return 1;
      },
    },
  });
  return type;
}

function pushIterator(call: LuaCall, entries: Entries): void {
  let at = 0;
  call.pushFunction((next) => {
    const entry = entries[at++];
    if (entry === undefined) {
      next.pushNil();
      return 1;
    }
    next.pushString(entry[0]);
    next.pushString(entry[1]);
    return 2;
  }, 'next');
}

const nameClass = list((entries) => entries.map(([name, value]) => `/${name}=${value}`).join(''));
const alternativeClass = list((entries) => entries.map(([name, value]) => `${name}:${value}`).join(', '));

const method =
  (run: (call: LuaCall, certificate: X509Certificate) => number): HostFunction =>
  (call) =>
    run(call, call.object(1, certificateClass(call.state)));
const seconds = (date: string): number => Date.parse(date) / 1000;

/** What Node cannot do: it reads certificates and does not make them. */
const READ_ONLY = [
  'addExtension',
  'setBasicConstraints',
  'setIssuer',
  'setLifetime',
  'setPublicKey',
  'setSerial',
  'setSubject',
  'setSubjectAlt',
  'setVersion',
  'sign',
];

const certificateClass: ReturnType<typeof classOf<X509Certificate>> = classOf({
  name: 'X509*',
  methods: {
    ...Object.fromEntries(
      READ_ONLY.map((name) => [name, (call: LuaCall) => call.fail(`${name}: certificates can be read here, not made`)]),
    ),
    getPublicKey: method((call, { publicKey }) => {
      call.pushObject(keyClass(call.state), { public: publicKey, private: undefined });
      return 1;
    }),
    getSubject: method((call, { subject }) => {
      call.pushObject(nameClass(call.state), { entries: named(subject) });
      return 1;
    }),
    getIssuer: method((call, { issuer }) => {
      call.pushObject(nameClass(call.state), { entries: named(issuer) });
      return 1;
    }),
    getSubjectAlt: method((call, { subjectAltName }) => {
      if (subjectAltName === undefined) call.pushNil();
      else call.pushObject(alternativeClass(call.state), { entries: alternatives(subjectAltName) });
      return 1;
    }),
    getLifetime: method((call, { validFrom, validTo }) => {
      const [from, to] = [seconds(validFrom), seconds(validTo)];
      for (const value of [from, to, to - from]) call.pushFloat(value);
      return 3;
    }),
    getSerial: method((call, { serialNumber }) => pushBignum(call, BigInt(`0x${serialNumber}`))),
    getBasicConstraints: method((call, { ca }) => {
      call.newTable();
      call.pushBoolean(ca);
      call.setField(-2, 'CA');
      return 1;
    }),
    digest: method((call, { raw }) => {
      const algorithm = algorithmNamed(call.optionalString(2, 'sha1'));
      if (algorithm === undefined) call.failArgument(1, `${call.string(2)}: invalid digest type`);
      const hash = createHash(algorithm!).update(raw).digest();
      if (call.optionalString(3, 'x') === 's') call.pushBytes(hash);
      else call.pushString(hash.toString('hex'));
      return 1;
    }),
    isIssuedBy: method((call, certificate) => {
      call.pushBoolean(certificate.checkIssued(call.object(2, certificateClass(call.state))));
      return 1;
    }),
    verify: method((call, certificate) => {
      call.pushBoolean(certificate.verify(call.object(2, keyClass(call.state)).public!));
      return 1;
    }),
    toPEM: method((call, certificate) => {
      call.pushString(certificate.toString());
      return 1;
    }),
    tostring: method((call, certificate) => {
      if (call.optionalString(2, 'PEM') === 'DER') call.pushBytes(certificate.raw);
      else call.pushString(certificate.toString());
      return 1;
    }),
  },
  meta: {
    __tostring: method((call, certificate) => {
      call.pushString(certificate.toString());
      return 1;
    }),
  },
});

/** `openssl.x509`, of luaossl. */
export const x509: HostFunction = module({
  new: (call) => {
    if (call.count === 0) return call.fail('x509.new: certificates can be read here, not made');
    const bytes = call.bytes(1);
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(bytes);
    } catch (error) {
      return call.fail(`x509.new: ${(error as Error).message}`);
    }
    call.pushObject(certificateClass(call.state), certificate);
    return 1;
  },
});

interface Store {
  readonly trusted: X509Certificate[];
}

/** Whether a chain of the store's certificates leads from this one to one that signed itself, all of them valid now. */
function verified({ trusted }: Store, certificate: X509Certificate, depth = 0): boolean {
  const now = Date.now();
  if (Date.parse(certificate.validFrom) > now || Date.parse(certificate.validTo) < now) return false;
  if (trusted.some(({ raw }) => raw.equals(certificate.raw))) return true;
  if (depth > 10) return false;
  return trusted.some(
    (issuer) =>
      issuer.ca &&
      certificate.checkIssued(issuer) &&
      certificate.verify(issuer.publicKey) &&
      verified({ trusted }, issuer, depth + 1),
  );
}

const storeClass: ReturnType<typeof classOf<Store>> = classOf({
  name: 'X509_STORE*',
  methods: {
    add: (call) => {
      const store = call.object(1, storeClass(call.state));
      for (let index = 2; index <= call.count; index++)
        store.trusted.push(call.object(index, certificateClass(call.state)));
      call.pushCopy(1);
      return 1;
    },
    verify: (call) => {
      const store = call.object(1, storeClass(call.state));
      const good = verified(store, call.object(2, certificateClass(call.state)));
      call.pushBoolean(good);
      if (good) return 1;
      call.pushString('certificate verify failed');
      return 2;
    },
  },
});

/** `openssl.x509.store`, of luaossl. */
export const store: HostFunction = module({
  new: (call) => {
    call.pushObject(storeClass(call.state), { trusted: [] });
    return 1;
  },
});
