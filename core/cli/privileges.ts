import type { GlobalSettings } from '../api/index.ts';
import { openFileLimit, RESERVED } from '../kernel/default-maxconn.ts';
import { loadLibc } from '../net/libc.ts';

/** Sets the limit on descriptors, before anything is bound; configuration.txt 3.1, ulimit-n. Answers why not. */
export function limitDescriptors(limit: number | undefined): string | undefined {
  if (limit === undefined) return undefined;
  const { libc, reason } = loadLibc();
  if (libc === undefined) return `'ulimit-n ${limit}' cannot be set: ${reason}`;
  const { hard } = libc.openFiles();
  const code = libc.setOpenFiles({ soft: limit, hard: Math.max(limit, hard) });
  return code === undefined ? undefined : `'ulimit-n ${limit}' cannot be set: ${code}`;
}

/**
 * Makes room for that many connections, of a client and a server each. Answers why there is none, in HAProxy's words; without
 * native calls the limit is what it is.
 */
export function allowConnections(maxconn: number): string | undefined {
  const wanted = maxconn * 2 + RESERVED;
  const limit = openFileLimit();
  if (wanted <= limit) return undefined;
  const { libc } = loadLibc();
  if (libc !== undefined) {
    const { hard } = libc.openFiles();
    if (libc.setOpenFiles({ soft: wanted, hard: Math.max(wanted, hard) }) === undefined) return undefined;
  }
  return `Cannot raise FD limit to ${wanted}, limit is ${limit}.`;
}

/**
 * Becomes the user and group of the configuration, once the sockets are open. The group first: the user may not.
 * @throws when the system does not allow it.
 */
export function dropPrivileges({ user, uid, gid }: GlobalSettings): void {
  if (gid !== undefined && gid !== process.getgid?.()) {
    if (process.getuid?.() === 0) {
      // Other groups of root must not be kept.
      if (user === undefined) process.setgroups?.([gid]);
      else (process as unknown as { initgroups(user: string, group: number): void }).initgroups(user, gid);
    }
    process.setgid?.(gid);
  } else if (uid !== undefined && uid !== 0 && process.getuid?.() === 0) {
    process.setgroups?.([process.getgid?.() ?? 0]);
  }
  if (uid !== undefined && uid !== process.getuid?.()) process.setuid?.(uid);
}
