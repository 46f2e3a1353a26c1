// How much CPU lists of patterns take to load and to match: node bench/lists.js [count] (after npm run build).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '../dist/core/expression/addresses.js';
import { PatternReferences, buildFrom } from '../dist/core/expression/references.js';
import { builders } from '../dist/plugins/matching/index.js';

/** Milliseconds of CPU this process has taken: other processes do not count. */
const cpu = () => process.cpuUsage().user / 1000;

const COUNT = Number(process.argv[2] ?? 100_000);
const LOOKUPS = 200_000;
const folder = mkdtempSync(join(tmpdir(), 'lists-'));
const octets = (i) => `${10 + (i % 200)}.${(i >> 3) & 255}.${(i * 7) & 255}`;

const patterns = {
  ip: (i) => `${octets(i)}.${i & 255}/${[32, 32, 30, 28, 24][i % 5]}`,
  str: (i) => `/path/${i}/index.html`,
  beg: (i) => `/path/${i}/`,
  end: (i) => `.host${i}.example.com`,
  int: (i) => String(i * 3),
};
const samples = {
  ip: (i) => parseAddress(`${octets(i)}.${i & 255}`),
  str: (i) => `/path/${i}/index.html`,
  beg: (i) => `/path/${i}/index.html`,
  end: (i) => `www.host${i}.example.com`,
  int: (i) => i * 3,
};

console.log(`${COUNT} entries: method, load ms, match ns (hit), match ns (miss)`);
for (const [method, pattern] of Object.entries(patterns)) {
  const file = join(folder, method);
  writeFileSync(file, Array.from({ length: COUNT }, (_, i) => `${pattern(i)} value${i}`).join('\n'));
  const begin = cpu();
  const reference = new PatternReferences().open(file, true);
  const find = buildFrom(reference, (entries) =>
    builders[method].build(
      entries.map(({ pattern: text, value }) => ({ pattern: text, data: value })),
      {
        ignoreCase: false,
        fail: (message) => {
          throw new Error(message);
        },
      },
    ),
  );
  const load = cpu() - begin;
  const time = (asked) => {
    let hits = 0;
    const started = cpu();
    for (let i = 0; i < LOOKUPS; i++) if (find(asked[i % asked.length]) !== undefined) hits++;
    return [((cpu() - started) * 1e6) / LOOKUPS, hits];
  };
  const hit = Array.from({ length: 20_000 }, (_, i) => samples[method]((i * 7919) % COUNT));
  const miss = hit.map((value, i) =>
    typeof value === 'string' ? `x${value}x` : typeof value === 'number' ? -1 - i : parseAddress(`250.1.${i & 255}.9`),
  );
  time(hit);
  const [[hitNs, hits], [missNs]] = [time(hit), time(miss)];
  console.log(`${method}  ${load.toFixed(0)}  ${hitNs.toFixed(0)} (${hits})  ${missNs.toFixed(0)}`);
}
rmSync(folder, { recursive: true });
