import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Full path of a program found in PATH or in the system's sbin folders, undefined when it is not installed. */
export function which(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/**
 * Names of the programs that are missing, for a skip that says why:
 * `const absent = missing('haproxy'); describe.skipIf(absent.length > 0)(title('side by side', absent), …)`.
 */
export function missing(...names: string[]): string[] {
  return names.filter((name) => which(name) === undefined);
}

/** The title of a suite that is skipped when programs are missing: it names them. */
export function title(text: string, absent: readonly string[]): string {
  return absent.length === 0 ? text : `${text} (skipped: ${absent.join(', ')} not installed)`;
}
