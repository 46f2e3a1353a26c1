#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { findSubcommand } from './commands.ts';
import { writeAll } from './output.ts';

/** Our own commands speak UTF-8; what a proxy says are byte strings. */
const io = {
  out: (text: string): void => writeAll(1, text, 'utf8'),
  err: (text: string): void => writeAll(2, text, 'utf8'),
};

let code: number;
try {
  const args = process.argv.slice(2);
  const command = findSubcommand(args[0]);
  // V8 would put what connections allocate into the old generation, as much of it outlives its first collections under load: then
  // it stays there until a full one. Connections that are closed after a request cost 10 % more that way.
  if (!command) setFlagsFromString('--no-allocation-site-pretenuring');
  // A command loads of the proxy what it needs.
  code = command ? await (await command())(args.slice(1), io) : await (await import('./program.ts')).main(args);
} catch (error) {
  console.error(error);
  code = 1;
}
// What still waits after the answer (a plugin's timer, an idle socket) must not keep a process that is done.
process.exit(code);
