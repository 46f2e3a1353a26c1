#!/usr/bin/env node
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
  // A command loads of the proxy what it needs.
  code = command ? await (await command())(args.slice(1), io) : await (await import('./program.ts')).main(args);
} catch (error) {
  console.error(error);
  code = 1;
}
// What still waits after the answer (a plugin's timer, an idle socket) must not keep a process that is done.
process.exit(code);
