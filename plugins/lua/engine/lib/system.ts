/** What C's `strerror` says, where Node has its own words. */
import { constants } from 'node:os';

const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  ENXIO: 'No such device or address',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EROFS: 'Read-only file system',
  ESPIPE: 'Illegal seek',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
};

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

export function systemText(error: unknown, name?: string): string {
  const code = codeOf(error);
  const text = TEXTS[code] ?? (error instanceof Error ? error.message : String(error));
  return name === undefined ? text : `${name}: ${text}`;
}

export function systemNumber(error: unknown): number {
  return (constants.errno as Readonly<Record<string, number>>)[codeOf(error)] ?? 0;
}
