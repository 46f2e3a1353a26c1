import { readFileSync } from 'node:fs';
import type { ErrorReply, Scope, Words } from 'sluice/plugin';

/** What a rule or directive needs to read files and to know the buffers they have to fit in. */
export type FileScope = Pick<Scope, 'path' | 'global'>;

/** The bytes of a file named in the configuration; refuses the line if it cannot be read. */
export function readFile(name: string, words: Words, scope: FileScope): string {
  try {
    return readFileSync(scope.path(name, words), 'latin1');
  } catch {
    return words.fail(`error opening file '${name}'.`);
  }
}

/**
 * Reads a whole HTTP response from a file and checks it as HAProxy does: a head that can be parsed, a body of the announced
 * length, no chunks. An empty file stands for no answer at all. configuration.txt 4.2, errorfile.
 */
export function readErrorFile(name: string, words: Words, scope: FileScope): ErrorReply {
  const text = readFile(name, words, scope);
  if (text === '') return { kind: 'silent' };
  const { bufsize } = scope.global.settings;
  if (text.length > bufsize) words.fail(`'${name}': larger than a buffer (${text.length} > ${bufsize} bytes)`);
  const end = /\r?\n\r?\n/.exec(text);
  const head = end ? text.slice(0, end.index) : '';
  const body = end ? text.slice(end.index + end[0].length) : '';
  const lines = head.split(/\r?\n/);
  const refuse = (offset: number): never => words.fail(`'${name}': unable to parse headers (error offset: ${offset})`);
  if (!/^HTTP\/1\.[01] [1-9]\d\d(?: [^\0\r\n]*)?$/.test(lines[0] ?? '')) refuse(0);
  let offset = (lines[0] as string).length;
  let length: number | undefined;
  for (const line of lines.slice(1)) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/.exec(line);
    if (!field) refuse(offset);
    const header = (field as RegExpExecArray)[1]!.toLowerCase();
    const value = (field as RegExpExecArray)[2]!;
    if (header === 'transfer-encoding') words.fail(`'${name}': chunk-encoded payload not supported`);
    if (header === 'content-length') {
      if (!/^\d+$/.test(value) || (length !== undefined && length !== Number(value))) refuse(offset);
      length = Number(value);
    }
    offset += line.length;
  }
  if (length !== undefined && length !== body.length)
    words.fail(`'${name}': payload size does not match the announced content-length (${body.length} != ${length})`);
  return { kind: 'raw', bytes: `${lines.join('\r\n')}\r\n\r\n${body}` };
}
