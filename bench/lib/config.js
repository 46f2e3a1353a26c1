// The configuration files. Sluice and HAProxy read the same one.
import { fileURLToPath } from 'node:url';
import { openFileLimit } from './machine.js';

const LUA = fileURLToPath(new URL('../lua/bench.lua', import.meta.url));

/**
 * @typedef {object} Setup what a proxy is to do
 * @property {'http' | 'tcp'} mode
 * @property {boolean} rules
 * @property {boolean} cache
 * @property {boolean} compress
 * @property {string | null} lua
 * @property {number} port to listen on
 * @property {number} originPort
 * @property {number} maxConnections client connections it must take
 */

// None of them matches what the client sends, so every request passes all of them.
const RULES = `
  acl admin       path_beg /admin /manager /wp-admin
  acl dotfile     path_beg /.git /.env /.aws
  acl bad_agent   hdr(user-agent) sqlmap nikto masscan
  acl bad_network src 192.0.2.0/24 198.51.100.0/24
  acl write       method PUT DELETE PATCH
  http-request deny if admin
  http-request deny if dotfile
  http-request deny if bad_agent
  http-request deny if bad_network
  http-request deny if write
  http-request deny if { path_beg /cgi-bin }
  http-request deny if { path_beg /phpmyadmin }
  http-request deny if { path_beg /server-status }
  http-request deny if { path_beg /actuator }
  http-request deny if { path_beg /internal/ }
  http-request deny if { hdr(host) forbidden.example }
  http-request deny if { hdr(x-forwarded-host) forbidden.example }
  http-request deny if { hdr(content-type) application/x-evil }
  http-request deny if { hdr(accept) evil/* }
  http-request deny if { src 203.0.113.0/24 }
  http-request deny if { src 10.66.0.0/16 }
  http-request deny if { method TRACE }
  http-request deny if { method CONNECT }
  http-request deny if { method POST } { path_beg /readonly }
  http-request deny if { src 127.0.0.0/8 } { path_beg /remote-only }
  http-request set-header X-Bench-Set one
  http-request add-header X-Bench-Add two
  http-request del-header X-Bench-Drop
`;

/** What the origin's /echo answers when the three edits above have been made. */
export const EDITED = 'one|two|';

/**
 * `http-reuse always`, because nginx and the Node proxies share their server connections among clients as well.
 *
 * @param {Setup} setup
 */
export function haproxyConfig(setup) {
  // HAProxy wants two descriptors for each connection it admits, and refuses to start when it cannot have them. Idle
  // clients need only one.
  const scarce = setup.maxConnections * 2 + 100 > openFileLimit();
  return `global
  nbthread 1
  maxconn ${setup.maxConnections}
${scarce ? '  no strict-limits\n' : ''}${setup.lua === null ? '' : `  lua-load ${LUA}\n`}
defaults
  mode ${setup.mode}
  maxconn ${setup.maxConnections}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${setup.mode === 'http' ? '  timeout http-keep-alive 60s\n  http-reuse always\n' : ''}
frontend entrance
  bind 127.0.0.1:${setup.port}
${setup.lua === null ? '' : `  http-request lua.${setup.lua}\n`}${setup.rules ? RULES.slice(1) : ''}  default_backend origins

backend origins
${setup.compress ? '  compression algo gzip\n' : ''}${setup.cache ? '  http-request cache-use memory\n  http-response cache-store memory\n' : ''}  server origin 127.0.0.1:${setup.originPort}
${setup.cache ? CACHE : ''}`;
}

/** The origin says nothing of freshness: HAProxy's rules keep what has a validator as long as this. */
const CACHE = `
cache memory
  total-max-size 64
  max-age 86400
`;

/** Paths nginx would otherwise look for where only root may write. */
const NGINX_TEMP = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${n};`).join(' ');

/**
 * @param {number} processes
 * @param {number} connections of each process
 * @param {string} [modules]
 */
function nginxMain(processes, connections, modules = '') {
  // Without `user root`, workers started by root could not read a private temporary directory.
  return `${modules}${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes ${processes};
worker_rlimit_nofile ${connections + 100};
pid nginx.pid;
error_log stderr error;
events { worker_connections ${connections}; }
`;
}

/**
 * @param {Setup} setup
 * @param {string} streamModule `load_module` line for TCP mode, empty when built in
 */
export function nginxConfig(setup, streamModule) {
  const connections = setup.maxConnections * 2;
  if (setup.mode === 'tcp') {
    return `${nginxMain(1, connections, streamModule)}
stream {
  server { listen 127.0.0.1:${setup.port} backlog=4096; proxy_pass 127.0.0.1:${setup.originPort}; }
}
`;
  }
  return `${nginxMain(1, connections)}
http {
  ${NGINX_TEMP}
  access_log off;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
  upstream origins {
    server 127.0.0.1:${setup.originPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${setup.port} backlog=4096;
    location / {
      proxy_pass http://origins;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_max_temp_file_size 0;
    }
  }
}
`;
}

/**
 * @param {number} port
 * @param {number} processes
 */
export function originConfig(port, processes) {
  return `${nginxMain(processes, 16_384)}
http {
  ${NGINX_TEMP}
  access_log off;
  sendfile on;
  open_file_cache max=16;
  default_type application/octet-stream;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root www;
    location = /echo { return 200 "$http_x_bench_set|$http_x_bench_add|$http_x_bench_drop"; }
  }
}
`;
}
