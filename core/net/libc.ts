/**
 * System calls that Node does not offer, through the optional package `koffi`. It is loaded by the first call of
 * `loadLibc`, which only a configuration that needs it makes: loading takes 7 ms and 3 MB, a call 0.3 µs. Where it is
 * missing, or the platform's numbers are not known here for sure, the answer is a reason to show instead.
 */

import { createRequire } from 'node:module';
import os from 'node:os';

/** Calls answer a code such as `EPERM` when they fail, undefined when they do not. */
export type ErrorCode = string | undefined;

/** The numbers by which the two platforms differ. */
export interface Platform {
  readonly name: 'linux' | 'darwin';
  readonly families: { readonly unix: number; readonly 4: number; readonly 6: number };
  readonly dontWait: number;
  readonly duplicateCloseOnExec: number;
  readonly limitOfFiles: number;
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  linux: {
    name: 'linux',
    families: { unix: 1, 4: 2, 6: 10 },
    dontWait: 0x40,
    duplicateCloseOnExec: 1030,
    limitOfFiles: 7,
  },
  darwin: {
    name: 'darwin',
    families: { unix: 1, 4: 2, 6: 30 },
    dontWait: 0x80,
    duplicateCloseOnExec: 67,
    limitOfFiles: 8,
  },
};

// 64-bit and little-endian, with the generic Linux numbers (MIPS, SPARC and POWER have others).
const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64'];

const F_SETFD = 2;
const FD_CLOEXEC = 1;

type Native = (...values: unknown[]) => number;

/** The part of koffi used here. */
interface Koffi {
  load(path: null): { func(prototype: string): Native };
  errno(): number;
}

/** A limit on resources; Infinity where there is none. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

export class Libc {
  readonly platform: Platform;
  readonly #koffi: Koffi;
  readonly #setsockopt: Native;
  readonly #getsockopt: Native;
  readonly #socket: Native;
  readonly #connect: Native;
  readonly #bind: Native;
  readonly #send: Native;
  readonly #close: Native;
  readonly #fcntl: Native;
  readonly #getrlimit: Native;
  readonly #setrlimit: Native;
  readonly #chroot: Native;
  readonly #prctl: Native | undefined;

  constructor(koffi: Koffi, platform: Platform) {
    const library = koffi.load(null);
    this.platform = platform;
    this.#koffi = koffi;
    this.#setsockopt = library.func('int setsockopt(int, int, int, const void *, uint32_t)');
    this.#getsockopt = library.func('int getsockopt(int, int, int, void *, void *)');
    this.#socket = library.func('int socket(int, int, int)');
    this.#connect = library.func('int connect(int, const void *, uint32_t)');
    this.#bind = library.func('int bind(int, const void *, uint32_t)');
    this.#send = library.func('long send(int, const void *, size_t, int)');
    this.#close = library.func('int close(int)');
    this.#fcntl = library.func('int fcntl(int, int, ...)');
    this.#getrlimit = library.func('int getrlimit(int, void *)');
    this.#setrlimit = library.func('int setrlimit(int, const void *)');
    this.#chroot = library.func('int chroot(const char *)');
    this.#prctl = platform.name === 'linux' ? library.func('int prctl(int, ...)') : undefined;
  }

  #code(result: number): ErrorCode {
    return result === -1 ? errorName(this.#koffi.errno()) : undefined;
  }

  setsockopt(fd: number, level: number, option: number, value: Uint8Array): ErrorCode {
    return this.#code(this.#setsockopt(fd, level, option, value, value.length));
  }

  /** Reads into `value`. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): ErrorCode {
    return this.#code(this.#getsockopt(fd, level, option, value, Uint32Array.of(value.length)));
  }

  /** A datagram socket, closed on exec. Answers the descriptor, or the error's code. */
  datagramSocket(family: 'unix' | 4 | 6): number | string {
    const fd = this.#socket(this.platform.families[family], 2, 0);
    if (fd === -1) return this.#code(fd)!;
    this.#fcntl(fd, F_SETFD, 'int', FD_CLOEXEC);
    return fd;
  }

  /** A stream socket, closed on exec. Answers the descriptor, or the error's code. */
  streamSocket(family: 4 | 6): number | string {
    const fd = this.#socket(this.platform.families[family], 1, 0);
    if (fd === -1) return this.#code(fd)!;
    this.#fcntl(fd, F_SETFD, 'int', FD_CLOEXEC);
    return fd;
  }

  bind(fd: number, address: Uint8Array): ErrorCode {
    return this.#code(this.#bind(fd, address, address.length));
  }

  connect(fd: number, address: Uint8Array): ErrorCode {
    return this.#code(this.#connect(fd, address, address.length));
  }

  /** Sends without waiting: `EAGAIN` or `ENOBUFS` when there is no room. */
  send(fd: number, data: Uint8Array, length: number): ErrorCode {
    return this.#code(this.#send(fd, data, length, this.platform.dontWait));
  }

  close(fd: number): ErrorCode {
    return this.#code(this.#close(fd));
  }

  /** A copy of the descriptor, closed on exec, or undefined when there are no more. */
  duplicate(fd: number): number | undefined {
    const copy = this.#fcntl(fd, this.platform.duplicateCloseOnExec, 'int', 0);
    return copy === -1 ? undefined : copy;
  }

  /** RLIMIT_NOFILE. Node itself raises the soft limit to the hard one when it starts. */
  openFiles(): ResourceLimit {
    const pair = new BigUint64Array(2);
    this.#getrlimit(this.platform.limitOfFiles, pair);
    return { soft: readLimit(pair[0]!), hard: readLimit(pair[1]!) };
  }

  setOpenFiles(limit: ResourceLimit): ErrorCode {
    const write = (value: number): bigint => (value === Infinity ? this.#unlimited() : BigInt(value));
    return this.#code(
      this.#setrlimit(this.platform.limitOfFiles, BigUint64Array.of(write(limit.soft), write(limit.hard))),
    );
  }

  #unlimited(): bigint {
    return this.platform.name === 'linux' ? 2n ** 64n - 1n : 2n ** 63n - 1n;
  }

  /** Changes the root; the caller changes the working directory to `/` after it. */
  chroot(path: string): ErrorCode {
    return this.#code(this.#chroot(path));
  }

  /** PR_SET_DUMPABLE, which a change of user id clears (`set-dumpable`). Linux only: `ENOSYS` elsewhere. */
  setDumpable(on: boolean): ErrorCode {
    if (this.#prctl === undefined) return 'ENOSYS';
    return this.#code(this.#prctl(4, 'unsigned long', on ? 1 : 0));
  }
}

function readLimit(value: bigint): number {
  return value >= 2n ** 63n - 1n ? Infinity : Number(value);
}

let names: Map<number, string> | undefined;

function errorName(errno: number): string {
  names ??= new Map(Object.entries(os.constants.errno).map(([name, value]) => [value, name]));
  // EAGAIN and EWOULDBLOCK are one number on both platforms.
  const name = names.get(errno) ?? `errno ${errno}`;
  return name === 'EWOULDBLOCK' ? 'EAGAIN' : name;
}

/** What loading came to: the calls, or why there are none. */
export type LibcState =
  | { readonly libc: Libc; readonly reason?: undefined }
  | { readonly libc: undefined; readonly reason: string };

let state: LibcState | undefined;

/** Loads koffi, once. */
export function loadLibc(): LibcState {
  state ??= load();
  return state;
}

function load(): LibcState {
  const platform = PLATFORMS[process.platform];
  if (platform === undefined || !ARCHITECTURES.includes(process.arch)) {
    return { libc: undefined, reason: `native calls are not known for ${process.platform} on ${process.arch}` };
  }
  try {
    return { libc: new Libc(createRequire(import.meta.url)('koffi') as Koffi, platform) };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0]! : String(error);
    return { libc: undefined, reason: `the optional package koffi could not be loaded (${why})` };
  }
}
