// What the choice of a server costs: microseconds per pick (with the server taken and dropped again), and per pick while one
// server after the other goes down and comes back. `npm run bench:balance`; a few seconds.
import { algorithms } from '../dist/plugins/balance/algorithms.js';
import { HASHING } from '../dist/plugins/balance/settings.js';
import { hashed } from '../dist/plugins/balance/hashed.js';
import { random } from '../dist/plugins/balance/random.js';
import { sdbm, spread } from '../dist/plugins/balance/hash-functions.js';

const SIZES = [10, 1000, 10_000];
/** Milliseconds of each measurement. */
const TIME = 100;

const hash = spread(sdbm);
const byKey = hashed(() => (transaction) => hash(transaction.key));
const plain = (name) => algorithms[name].parse();

const KINDS = [
  { name: 'roundrobin', make: plain('roundrobin') },
  { name: 'roundrobin, all but 10 full', make: plain('roundrobin'), maxconn: 1 },
  { name: 'static-rr', make: plain('static-rr') },
  { name: 'leastconn', make: plain('leastconn') },
  { name: 'first', make: plain('first') },
  { name: 'first, all but 10 full', make: plain('first'), maxconn: 1 },
  { name: 'random(2)', make: random(2) },
  { name: 'hash, map-based', make: byKey },
  { name: 'hash, consistent', make: byKey, hashing: { consistent: true } },
  { name: 'hash, consistent, factor 150', make: byKey, hashing: { consistent: true, factor: 150 } },
];

function farm(size, { maxconn = 0, hashing = {} }) {
  const servers = Array.from({ length: size }, (_, index) => ({
    name: `s${index}`,
    id: index + 1,
    weight: 1 + (index % 7),
    fineWeight: 16 * (1 + (index % 7)),
    effectiveWeight: 1 + (index % 7),
    usable: true,
    backup: false,
    maxconn,
    limit: maxconn,
    active: maxconn > 0 && index < size - 10 ? maxconn : 0,
    queued: 0,
    address: { family: 4, address: '10.0.0.1', port: 80 },
    extension: () => undefined,
  }));
  const settings = { ...HASHING.create(), ...hashing };
  return {
    servers,
    settings: { options: new Map() },
    extension: (key) => (key === HASHING ? settings : undefined),
  };
}

const transaction = { avoid: undefined, key: '' };
let picked = 0;

function pick(balancer) {
  transaction.key = `/some/path/${picked++}`;
  const server = balancer.pick(transaction);
  server.active++;
  balancer.took?.(server);
  server.active--;
  balancer.dropped?.(server);
}

/** Microseconds per call: of many short runs the tenth that was least disturbed. */
function measure(run) {
  const runs = [];
  const start = performance.now();
  for (let count = 0, at = start; at - start < TIME || runs.length < 20;) {
    for (let i = 0; i < 20; i++) run(count++);
    const end = performance.now();
    runs.push((1000 * (end - at)) / 20);
    at = end;
  }
  runs.sort((a, b) => a - b);
  return runs[Math.floor(runs.length / 10)];
}

const shown = (number) => number.toFixed(number < 10 ? 2 : 0).padStart(12);
console.log(`${'µs per pick'.padEnd(32)}${SIZES.map((size) => `${size} servers`.padStart(14)).join('')}`);
const flaps = [];
for (const kind of KINDS) {
  const row = [];
  const flap = [];
  for (const size of SIZES) {
    const backend = farm(size, kind);
    const balancer = kind.make(backend);
    row.push(measure(() => pick(balancer)));
    const change = (index) => {
      const server = backend.servers[(index >> 1) % size];
      server.usable = !server.usable;
      balancer.changed(server);
      pick(balancer);
    };
    flap.push(measure(change));
  }
  console.log(`${kind.name.padEnd(32)}${row.map((number) => `  ${shown(number)}`).join('')}`);
  flaps.push(`${kind.name.padEnd(32)}${flap.map((number) => `  ${shown(number)}`).join('')}`);
}
console.log(`\nµs per change of a server's state, and the pick after it`);
for (const line of flaps) console.log(line);
