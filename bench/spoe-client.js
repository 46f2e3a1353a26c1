// The client of SPOE beside HAProxy's: NOTIFY/ACK a second over one pipelined connection, and what an event adds to a request.
// Both have the same agent, a Node process. `npm run bench:spoe`; about half a minute. It needs wrk; without haproxy there is no comparison.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FRAME, FrameSplitter, SpopReader, SpopWriter, writeAgentHello } from '../dist/spoe-agents/sdk/index.js';

/** Groups sent one after the other by each request: so that HTTP is a small part of the work. */
const GROUPS = 100;
/** Requests at once: what a connection carries. */
const STREAMS = 20;
const ROUNDS = 3;
const SECONDS = 2;

/** Answers every NOTIFY with one set-var; counts NOTIFYs, and the connections that they came on. */
function runAgent() {
  let notifies = 0;
  const used = new Set();
  const server = createServer((socket) => {
    const reader = new SpopReader('latin1');
    const writer = new SpopWriter('latin1');
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    const splitter = new FrameSplitter(1 << 20, (buffer, start, end) => {
      reader.frame(buffer, start, end);
      if (reader.frameType === FRAME.HAPROXY_HELLO) {
        writeAgentHello(writer, { maxFrameSize: 16_380, capabilities: ['pipelining'] });
      } else if (reader.frameType === FRAME.NOTIFY) {
        notifies++;
        used.add(socket);
        writer.beginFrame(FRAME.ACK, reader.streamId, reader.frameId);
        writer.setVar('txn', 'score');
        writer.int32(42);
        writer.endFrame();
      }
    });
    socket.on('data', (bytes) => {
      splitter.push(bytes);
      if (writer.length > 0) socket.write(writer.take());
    });
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => {
    process.send({ notifies, connections: used.size });
    notifies = 0;
    used.clear();
  });
  process.on('disconnect', () => process.exit());
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-spoe-'));
  const children = [];
  try {
    await measureAll(folder, children);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(folder, children) {
  const agent = spawn(process.execPath, [import.meta.filename, '--agent'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(agent);
  const tell = () => new Promise((done) => agent.once('message', done));
  const { port } = await tell();
  const programs = [
    { name: 'sluice', command: [process.execPath, resolve(import.meta.dirname, '../dist/core/cli/main.js')] },
  ];
  if (spawnSync('haproxy', ['-v']).status === 0) programs.push({ name: 'haproxy', command: ['haproxy'] });
  for (const program of programs) {
    program.ports = await freePorts(3);
    const file = join(folder, `${program.name}.cfg`);
    writeFileSync(join(folder, 'spoe.conf'), ENGINE);
    writeFileSync(file, configuration(program.ports, port, join(folder, 'spoe.conf')));
    const [command, ...args] = [...program.command, '-f', file];
    children.push(spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] }));
    program.rates = [];
    program.plain = [];
    program.event = [];
  }
  await new Promise((done) => setTimeout(done, 1500));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const program of programs) {
      const [many, plain, event] = program.ports;
      agent.send('');
      await tell();
      const began = performance.now();
      await wrk(many, STREAMS, SECONDS);
      agent.send('');
      const { notifies, connections } = await tell();
      const rate = notifies / ((performance.now() - began) / 1000);
      const without = await wrk(plain, 1, 1);
      const with_ = await wrk(event, 1, 1);
      // The first round warms up.
      if (round === 0) continue;
      program.rates.push(rate);
      program.connections = connections;
      program.plain.push(without);
      program.event.push(with_);
    }
  }
  console.log(
    `${'client'.padEnd(10)}${'NOTIFY/s'.padStart(12)}${'connections'.padStart(13)}${'p50 without'.padStart(14)}${'with an event'.padStart(15)}${'added'.padStart(10)}`,
  );
  for (const { name, rates, connections, plain, event } of programs) {
    const [rate, base, more] = [median(rates), median(plain), median(event)];
    console.log(
      name.padEnd(10) +
        Math.round(rate).toString().padStart(12) +
        String(connections).padStart(13) +
        `${base.toFixed(3)} ms`.padStart(14) +
        `${more.toFixed(3)} ms`.padStart(15) +
        (more - base).toFixed(3).padStart(10),
    );
  }
  if (programs.length === 2) {
    const [ours, theirs] = programs;
    console.log(
      `sluice / haproxy: ${(median(ours.rates) / median(theirs.rates)).toFixed(2)} times the NOTIFYs, ` +
        `${((median(ours.event) - median(ours.plain)) / (median(theirs.event) - median(theirs.plain))).toFixed(2)} times the added time`,
    );
  }
}

const ENGINE = `[bench]
spoe-agent bench
    groups g
    messages e
    use-backend agents
    timeout hello 1s
    timeout idle 1m
    timeout processing 2s
    option var-prefix b
    option force-set-var
spoe-message one
    args ip=src port=src_port method=method path=path
spoe-message two
    args host=req.hdr(host) id=int(12345) secure=bool(false)
spoe-group g
    messages one two
spoe-message e
    args ip=src method=method path=path
    event on-frontend-http-request if { path /event }
`;

function configuration([many, plain, event], agent, file) {
  const frontend = (name, port, lines) =>
    `frontend ${name}\n    bind 127.0.0.1:${port}\n${lines}    http-request return status 200 content-type text/plain string ok\n`;
  const filter = `    filter spoe engine bench config ${file}\n`;
  const groups = '    http-request send-spoe-group bench g\n'.repeat(GROUPS);
  return `global
    nbthread 1
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 1s
${frontend('many', many, filter + groups)}
${frontend('plain', plain, '')}
${frontend('event', event, filter)}
backend agents
    mode tcp
    server agent 127.0.0.1:${agent}
`;
}

/** Milliseconds of the median. */
function wrk(port, connections, seconds) {
  return new Promise((done, failed) => {
    const child = spawn('wrk', [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--latency',
      `http://127.0.0.1:${port}/event`,
    ]);
    let out = '';
    child.stdout.on('data', (text) => (out += text));
    child.on('error', failed);
    child.on('close', () => {
      const [, value, unit] = /50%\s+([\d.]+)(us|ms|s)/.exec(out) ?? [];
      done(Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit]);
    });
  });
}

function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  return Promise.all(
    servers.map((server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)))),
  ).then(async (ports) => {
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    return ports;
  });
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

if (process.argv[2] === '--agent') runAgent();
else await main();
