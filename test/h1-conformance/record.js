// Records anew what the installed haproxy does with every case: node test/h1-conformance/record.js
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { module } = await runnerImport(here('./recorder.ts'));
console.log(`${await module.record()} cases recorded`);
execFileSync('npx', ['oxfmt', here('./recorded.json')]);
