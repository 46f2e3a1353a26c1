/** What can be listened on: its identity, its names for the system and for messages, and the errors of binding it. */

import { errorWords } from './system-error.ts';

/** What to listen on. */
export type ListenTarget =
  /** `host` is a numeric address. `v6only` undefined leaves the system's default (net.ipv6.bindv6only). */
  | {
      readonly kind: 'inet';
      readonly host: string;
      readonly port: number;
      readonly v6only?: boolean | undefined;
      /** Takes connections of this network interface only; what needs a socket made by native calls. */
      readonly device?: string | undefined;
      /** The address need not be the machine's own. */
      readonly transparent?: boolean | undefined;
    }
  /** `mode` in the file-mode sense (0o600); undefined fields keep what the process's umask and ids give. */
  | {
      readonly kind: 'unix';
      readonly path: string;
      readonly mode?: number | undefined;
      readonly uid?: number | undefined;
      readonly gid?: number | undefined;
    }
  | { readonly kind: 'abns'; readonly name: string; readonly zeroTerminated: boolean }
  | { readonly kind: 'fd'; readonly fd: number };

/** A socket that could not be bound; the message is HAProxy's, such as `cannot bind socket (Permission denied) for [:::80]`. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** The system's code (`EADDRINUSE`). */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** The identity of a target: equal keys mean the same socket. */
export function listenKey(target: ListenTarget): string {
  switch (target.kind) {
    case 'inet':
      return `${target.host}:${target.port}${target.device === undefined ? '' : `%${target.device}`}`;
    case 'unix':
      return `unix@${target.path}`;
    case 'abns':
      return `${target.zeroTerminated ? 'abnsz' : 'abns'}@${target.name}`;
    default:
      return `fd@${target.fd}`;
  }
}

/** sun_path's length in bytes, final zero included: 108 on Linux, 104 on the BSDs and macOS. */
export const SUN_PATH: number = process.platform === 'linux' ? 108 : 104;

/** The error for a system call that failed, in HAProxy's words. */
export function bindError(target: ListenTarget, error: { code?: string | undefined }): ListenError {
  const words = errorWords(error.code);
  switch (target.kind) {
    case 'unix':
    case 'abns':
      return new ListenError(`cannot bind UNIX socket (${words}) [${describeTarget(target)}]`, error.code);
    case 'fd': {
      // Node reports every descriptor that is no socket as an invalid argument or type.
      const why = error.code === 'EINVAL' || error.code === 'ERR_INVALID_FD_TYPE' ? 'Bad file descriptor' : words;
      return new ListenError(`cannot use file descriptor '${target.fd}' : ${why}.`, error.code);
    }
    default:
      return new ListenError(`cannot bind socket (${words}) for [${describeTarget(target)}]`, error.code);
  }
}

/** The target as messages show it. */
export function describeTarget(target: ListenTarget): string {
  if (target.kind === 'unix') return target.path;
  return target.kind === 'inet' ? `${target.host}:${target.port}` : listenKey(target);
}

/** A byte-string path as node:fs and node:net want it: they encode as UTF-8. */
export function nativePath(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

/**
 * An abstract name as node:net takes it. `abns@` names fill sun_path with zeros, as HAProxy binds them; `abnsz@` names
 * end where they end, as most other programs have them.
 */
export function abstractName(name: string, zeroTerminated: boolean): string {
  const path = `\0${nativePath(name)}`;
  return zeroTerminated ? path : path + '\0'.repeat(Math.max(0, SUN_PATH - Buffer.byteLength(path)));
}
