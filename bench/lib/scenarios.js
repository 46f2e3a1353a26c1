// What is measured.

/**
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} title
 * @property {'http' | 'tcp'} mode
 * @property {boolean} rules with the 20 rules and 3 header edits of config.js
 * @property {boolean} cache answered out of the proxy's memory
 * @property {boolean} compress with gzip
 * @property {string | null} lua an action of bench/lua/bench.lua that runs for each request
 * @property {boolean} idle idle connections instead of wrk's load
 * @property {string} path what is asked of the origin
 * @property {number} bytes length of the answer's body
 * @property {number} connections of the client; the idle scenario takes its number from the command line
 * @property {string[]} headers the client adds
 */

const KIB = 1024;

/** @type {Scenario} */
const base = {
  id: '',
  title: '',
  mode: 'http',
  rules: false,
  cache: false,
  compress: false,
  lua: null,
  idle: false,
  path: '/1k',
  bytes: KIB,
  connections: 64,
  headers: [],
};

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  { ...base, id: 'keep-alive', title: 'Keep-alive, 1 KiB' },
  { ...base, id: 'close', title: 'New connection per request, 1 KiB', headers: ['Connection: close'] },
  { ...base, id: '64k', title: 'Keep-alive, 64 KiB', path: '/64k', bytes: 64 * KIB },
  // Fewer connections: what is under way when the clock stops has cost CPU and is not counted as a request.
  { ...base, id: '1m', title: 'Keep-alive, 1 MiB', path: '/1m', bytes: KIB * KIB, connections: 16 },
  { ...base, id: 'tcp-1k', title: 'TCP mode, 1 KiB', mode: 'tcp' },
  { ...base, id: 'tcp-1m', title: 'TCP mode, 1 MiB', mode: 'tcp', path: '/1m', bytes: KIB * KIB, connections: 16 },
  {
    ...base,
    id: 'rules',
    title: 'Keep-alive, 1 KiB, 20 rules and 3 header edits',
    rules: true,
    headers: ['User-Agent: bench/1.0', 'Accept: */*', 'X-Bench-Drop: 1'],
  },
  { ...base, id: 'cache', title: 'Keep-alive, 1 KiB out of a cache', cache: true },
  { ...base, id: 'cache-64k', title: 'Keep-alive, 64 KiB out of a cache', cache: true, path: '/64k', bytes: 64 * KIB },
  {
    ...base,
    id: 'gzip',
    title: 'Keep-alive, 1 KiB compressed with gzip',
    compress: true,
    headers: ['Accept-Encoding: gzip'],
  },
  { ...base, id: 'lua-empty', title: 'Keep-alive, 1 KiB, a Lua action that does nothing', lua: 'empty' },
  {
    ...base,
    id: 'lua-headers',
    title: 'Keep-alive, 1 KiB, a Lua action that reads three headers and sets two',
    lua: 'headers',
    headers: ['User-Agent: bench/1.0', 'Accept: */*'],
  },
  { ...base, id: 'lua-msleep', title: 'Keep-alive, 1 KiB, a Lua action that sleeps 5 ms', lua: 'msleep' },
  { ...base, id: 'idle', title: 'Idle keep-alive connections', idle: true },
];
