/**
 * How much memory does a body take on its way through filters? An origin sends as fast as it may, the client reads in bursts with
 * pauses, and the proxy's resident memory is sampled all the time: `node bench/filter-memory.js [MiB] [filter lines, separated by ;]`.
 * It should grow by less than 20 MiB, whatever the size of the body.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const size = Number(process.argv[2] ?? 1024) * 2 ** 20;
const lines = (process.argv[3] ?? 'filter trace quiet;filter trace quiet max-fwd 20000;filter trace quiet').split(';');

/** An origin that writes as much as is taken. */
const block = Buffer.alloc(256 * 1024, 'x');
const origin = createServer((socket) => {
  let left = size;
  const pour = () => {
    while (left > 0 && socket.writable) {
      const part = left < block.length ? block.subarray(0, left) : block;
      left -= part.length;
      if (!socket.write(part)) return;
    }
  };
  socket.on('error', () => undefined);
  socket.on('drain', pour);
  socket.once('data', () => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
    pour();
  });
});
const portOf = (server) => server.address().port;
await new Promise((done) => origin.listen(0, '127.0.0.1', done));

const spare = createServer();
await new Promise((done) => spare.listen(0, '127.0.0.1', done));
const port = portOf(spare);
await new Promise((done) => spare.close(done));

const folder = mkdtempSync(join(tmpdir(), 'sluice-memory-'));
writeFileSync(
  join(folder, 'proxy.cfg'),
  `defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
listen memory
  bind 127.0.0.1:${port}
  ${lines.join('\n  ')}
  server origin 127.0.0.1:${portOf(origin)}
`,
);
const main = resolve(import.meta.dirname, '../dist/core/cli/main.js');
const proxy = spawn(process.execPath, [main, '-f', join(folder, 'proxy.cfg')], { stdio: 'inherit' });
const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${proxy.pid}/status`, 'latin1'))[1]) / 1024;

/** Gives the size of what came. */
function exchange(pausing) {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    let got = 0;
    socket.on('error', failed);
    socket.on('data', (bytes) => {
      const before = got;
      got += bytes.length;
      if (pausing > 0 && Math.floor(before / pausing) < Math.floor(got / pausing)) {
        socket.pause();
        setTimeout(() => socket.resume(), 20);
      }
      if (got > size) {
        socket.destroy();
        done(got);
      }
    });
  });
}

try {
  for (let tries = 0; ; tries++) {
    await sleep(100);
    const up = await new Promise((done) => {
      const probe = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      probe.unref();
      setTimeout(() => probe.destroy(), 50);
    });
    if (up || tries === 50) break;
  }
  await sleep(300);
  const before = resident();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, resident())), 10);
  const begun = performance.now();
  await exchange(16 * 2 ** 20);
  clearInterval(timer);
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${size / 2 ** 20} MiB through ${lines.length} filters in ${seconds.toFixed(1)} s: ` +
      `resident ${before.toFixed(1)} MiB before, ${most.toFixed(1)} at the most, grown by ${(most - before).toFixed(1)}`,
  );
} finally {
  proxy.kill('SIGKILL');
  origin.close();
  rmSync(folder, { recursive: true });
}
process.exit();
