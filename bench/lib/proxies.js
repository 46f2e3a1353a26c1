// Who is measured, and how each is started.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { haproxyConfig, nginxConfig } from './config.js';
import { ask } from './machine.js';

/** @typedef {import('./config.js').Setup} Setup */
/** @typedef {import('./scenarios.js').Scenario} Scenario */

/**
 * @typedef {object} Proxy
 * @property {string} id
 * @property {string} version
 * @property {string | null} missing why it cannot take part at all, with what to install
 * @property {number} warming how many times as long as others it is warmed: what is compiled as it runs needs longer
 * @property {(scenario: Scenario) => string | null} unfit why it leaves out a scenario
 * @property {(setup: Setup, folder: string) => string[]} command writes what it needs into the folder
 */

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const fits = () => null;

/**
 * @param {{ id: string, main: string }[]} also further builds of Sluice
 * @returns {Proxy[]}
 */
export function allProxies(also) {
  const main = path.join(root, 'dist/core/cli/main.js');
  return [
    sluice('sluice', main),
    ...also.map((build) => sluice(build.id, path.resolve(build.main))),
    haproxy(),
    haproxyProxying(),
    varnish(),
    nginx(),
    nodeProxy('http-proxy-3', 'http-proxy-3.js'),
    nodeProxy('fast-proxy', 'fast-proxy.js'),
    nodeProxy('@fastify/http-proxy', 'fastify-http-proxy.js'),
  ];
}

/**
 * @param {string} id
 * @param {string} main
 * @returns {Proxy}
 */
function sluice(id, main) {
  return {
    id,
    version: packageVersion(root),
    missing: existsSync(main) ? null : `${main} does not exist: npm run build`,
    warming: 2,
    unfit: fits,
    command: (setup, folder) => [process.execPath, main, '-f', write(folder, 'sluice.cfg', haproxyConfig(setup))],
  };
}

/** @returns {Proxy} */
function haproxy() {
  const version = ask('haproxy', ['-v']);
  return {
    id: 'haproxy',
    version: /version (\d[\d.]*)/.exec(version ?? '')?.[1] ?? '?',
    missing: version === null ? 'no haproxy here: apt-get install haproxy' : null,
    warming: 1,
    unfit: fits,
    command: (setup, folder) => ['haproxy', '-f', write(folder, 'haproxy.cfg', haproxyConfig(setup))],
  };
}

/**
 * The same without its cache, beside the caches: what a hit saves.
 *
 * @returns {Proxy}
 */
function haproxyProxying() {
  const proxy = haproxy();
  return {
    ...proxy,
    id: 'haproxy-proxied',
    unfit: (scenario) => (scenario.cache ? null : 'it is there for the caches to be compared with'),
    command: (setup, folder) => proxy.command({ ...setup, cache: false }, folder),
  };
}

/** @returns {Proxy} */
function varnish() {
  const version = ask('varnishd', ['-V']);
  return {
    id: 'varnish',
    version: /varnish-([\d.]+)/.exec(version ?? '')?.[1] ?? '?',
    missing: version === null ? 'no varnishd here: apt-get install varnish' : null,
    warming: 1,
    unfit: (scenario) => (scenario.cache ? null : 'it takes part in the cache scenarios only'),
    command: (setup, folder) => varnishCommand(folder, setup),
  };
}

/**
 * One pool of threads, as the others have one thread; `-j none`, so that it also starts as an ordinary user in any folder.
 *
 * @param {string} folder its working directory
 * @param {Setup} setup
 */
function varnishCommand(folder, setup) {
  mkdirSync(folder, { recursive: true });
  const origin = `127.0.0.1:${setup.originPort}`;
  const listen = `127.0.0.1:${setup.port}`;
  const parameters = ['default_ttl=86400', 'thread_pools=1'].flatMap((one) => ['-p', one]);
  return ['varnishd', '-F', '-j', 'none', '-n', folder, '-a', listen, '-b', origin, '-s', 'malloc,64m', ...parameters];
}

/** @returns {Proxy} */
function nginx() {
  const version = ask('nginx', ['-V']);
  const stream = streamModule(version ?? '');
  return {
    id: 'nginx',
    version: /nginx\/([\d.]+)/.exec(version ?? '')?.[1] ?? '?',
    missing: version === null ? 'no nginx here: apt-get install nginx' : null,
    warming: 1,
    unfit(scenario) {
      if (scenario.cache) return 'it would keep files, not answers';
      if (scenario.compress) return 'its level 1 is another one';
      if (scenario.lua !== null) return 'it has no Lua here';
      if (scenario.rules) return 'its configuration has no counterpart of these rules';
      if (scenario.mode === 'tcp' && stream === null) return 'no stream module: apt-get install libnginx-mod-stream';
      return null;
    },
    command: (setup, folder) => nginxCommand(folder, nginxConfig(setup, stream ?? '')),
  };
}

/**
 * @param {string} folder becomes nginx's prefix
 * @param {string} config
 */
export function nginxCommand(folder, config) {
  // -e, so that it does not first try the log file of the installation.
  return ['nginx', '-p', folder, '-e', 'stderr', '-c', write(folder, 'nginx.conf', config)];
}

/**
 * @param {string} build what `nginx -V` says
 * @returns {string | null} the line that loads the module, empty when it is built in, null when there is none
 */
function streamModule(build) {
  if (/--with-stream(\s|$)/.test(build)) return '';
  const folder = /--modules-path=(\S+)/.exec(build)?.[1];
  const file = path.join(folder ?? '', 'ngx_stream_module.so');
  return folder !== undefined && existsSync(file) ? `load_module ${file};\n` : null;
}

/**
 * @param {string} name of the package
 * @param {string} file
 * @returns {Proxy}
 */
function nodeProxy(name, file) {
  const folder = path.join(root, 'node_modules', name);
  return {
    id: name,
    version: packageVersion(folder),
    missing: existsSync(folder) ? null : `${name} is not installed: npm ci`,
    warming: 2,
    unfit: (scenario) =>
      scenario.mode === 'tcp' || scenario.rules || scenario.cache || scenario.compress || scenario.lua !== null
        ? 'proxies HTTP only: no rules, no cache, no Lua'
        : null,
    command: (setup) => [
      process.execPath,
      path.join(root, 'bench/node-proxies', file),
      String(setup.port),
      String(setup.originPort),
    ],
  };
}

/** @param {string} folder */
function packageVersion(folder) {
  try {
    return String(JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).version);
  } catch {
    return '?';
  }
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string} text
 * @returns {string} the file's path
 */
function write(folder, name, text) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}
