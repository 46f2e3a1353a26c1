#!/usr/bin/env node
import { main } from './program.ts';

let code: number;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  console.error(error);
  code = 1;
}
// What still waits after the answer (a plugin's timer, an idle socket) must not keep a process that is done.
process.exit(code);
