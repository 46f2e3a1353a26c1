import { readFileSync } from 'node:fs';

type Database = '/etc/passwd' | '/etc/group';

/** The number of a user or group, as the system's own files have it; undefined when they do not know the name. */
function lookUp(file: Database, name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const fields = line.split(':');
    const id = Number(fields[2]);
    if (fields[0] === name && Number.isInteger(id)) return id;
  }
  return undefined;
}

export function userId(name: string): number | undefined {
  return lookUp('/etc/passwd', name);
}

export function groupId(name: string): number | undefined {
  return lookUp('/etc/group', name);
}
