#!/usr/bin/env node
import { findTool } from './tools.ts';

let code: number;
try {
  const args = process.argv.slice(2);
  const tool = findTool(args[0]);
  // A tool is a program of its own: it does not load the proxy.
  code = tool ? await (await tool())(args.slice(1)) : await (await import('./program.ts')).main(args);
} catch (error) {
  console.error(error);
  code = 1;
}
// What still waits after the answer (a plugin's timer, an idle socket) must not keep a process that is done.
process.exit(code);
