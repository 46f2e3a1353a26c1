#!/usr/bin/env node
import { main } from './program.ts';

// What still waits after the answer (a plugin's timer, an idle socket) must not keep a process that is done.
process.exit(await main(process.argv.slice(2)));
