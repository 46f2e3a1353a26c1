// Records anew what the installed haproxy does with every case: node test/h1-conformance/record.js
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./recorder.ts', import.meta.url)));
console.log(`${await module.record()} cases recorded`);
