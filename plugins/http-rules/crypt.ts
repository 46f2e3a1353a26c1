/**
 * Encrypted passwords, as crypt(3) makes them. The system's own libcrypt is asked, through the optional package koffi, so that
 * every method it has is there (yescrypt, bcrypt, SHA-512, MD5 …); it works in Node's thread pool, as one check takes milliseconds
 * by design. Without koffi a worker thread checks SHA-256 and SHA-512 in JavaScript.
 */

import { timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { verify } from 'unixcrypt';
import { CryptThread } from './crypt-thread.ts';

type Callback = (error: Error | null, result: string | null) => void;
interface NativeFunction {
  (...values: unknown[]): unknown;
  async(...values: [...unknown[], Callback]): void;
}
interface Library {
  func(prototype: string): NativeFunction;
}

/** `struct crypt_data` of libxcrypt and of the old glibc, the larger of them; musl's is smaller. */
const DATA_SIZE = 131_232;
const LIBRARIES = ['libcrypt.so.1', 'libcrypt.so.2', 'libcrypt.so'];

class SystemCrypt {
  readonly #crypt: NativeFunction;
  readonly #check: NativeFunction | undefined;

  constructor(library: Library) {
    this.#crypt = library.func('const char *crypt_r(const void *, const void *, void *)');
    try {
      this.#check = library.func('int crypt_checksalt(const void *)');
    } catch {
      this.#check = undefined;
    }
  }

  /** Whether a password can match at all: the method is known and not locked. */
  accepts(hash: string): boolean {
    return this.#check === undefined || ![1, 2].includes(this.#check(text(hash)) as number);
  }

  matches(password: string, hash: string): boolean {
    return same(this.#crypt(text(password), text(hash), Buffer.alloc(DATA_SIZE)) as string | null, hash);
  }

  matchesLater(password: string, hash: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#crypt.async(text(password), text(hash), Buffer.alloc(DATA_SIZE), (error: Error | null, result) =>
        resolve(error === null && same(result, hash)),
      );
    });
  }
}

/** A C string of a byte string; what stands behind a NUL counts for crypt(3) no more than with HAProxy. */
function text(bytes: string): Buffer {
  return Buffer.from(`${bytes}\0`, 'latin1');
}

/** libcrypt's failure tokens begin with `*`, and equal no hash: not even one that is such a token itself. */
function same(made: string | null, hash: string): boolean {
  return made !== null && !made.startsWith('*') && equalTexts(made, hash);
}

/** Compares in a time that says nothing about where two texts differ. */
export function equalTexts(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

const thread = new CryptThread();
let system: SystemCrypt | undefined;
let reason: string | undefined;

function load(): SystemCrypt | undefined {
  if (system !== undefined || reason !== undefined) return system;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as { load(name: string | null): Library };
    for (const name of [...LIBRARIES, null]) {
      try {
        return (system = new SystemCrypt(koffi.load(name)));
      } catch {
        // Another name, or the C library itself.
      }
    }
    reason = 'the system has no libcrypt';
  } catch {
    reason = 'the optional package koffi is not installed';
  }
  return undefined;
}

const PORTABLE = /^\$[56]\$(?:rounds=\d+\$)?[^$]{1,16}\$[./0-9A-Za-z]+$/;

/** Why no password can match this hash here, if so. */
export function problemOf(hash: string): { readonly fatal: boolean; readonly text: string } | undefined {
  const crypt = load();
  if (crypt !== undefined)
    return crypt.accepts(hash)
      ? undefined
      : { fatal: false, text: `no password matches '${hash}': the system's crypt(3) does not know its method` };
  if (PORTABLE.test(hash)) return undefined;
  const portable = 'only passwords encrypted with SHA-256 ($5$) or SHA-512 ($6$) can be checked here';
  return { fatal: true, text: `${portable}: ${reason}` };
}

/** At once, which takes milliseconds. */
export function matches(password: string, hash: string): boolean {
  return load()?.matches(password, hash) ?? verify(password, hash);
}

/** Elsewhere, while the event loop goes on. */
export function matchesLater(password: string, hash: string): Promise<boolean> {
  return load()?.matchesLater(password, hash) ?? thread.ask(password, hash);
}
