// What SPOP costs in JavaScript: the codec alone, and NOTIFY/ACK pairs a second from a client to an agent in another process, over one connection.
// `npm run bench:spop`; some seconds. Medians of short rounds. Microseconds are of CPU time, which a busy machine disturbs least;
// pairs a second are what they are there.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createAgent, FRAME, Ip, SpopReader, SpopWriter, TestClient } from '../dist/spoe-agents/sdk/index.js';

const ROUNDS = 7;
/** Milliseconds of each round between processes. */
const TIME = 500;
const TURNS = 20_000;

const ADDRESS = Ip.parse('192.0.2.7');
/** Two messages with seven arguments, as a rule set about clients sends them. */
const MESSAGES = [
  { name: 'check-client', args: { ip: ADDRESS, port: 40_123 } },
  {
    name: 'check-request',
    args: {
      method: 'GET',
      path: '/api/v1/users/42?full=1',
      host: 'www.example.com',
      agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0)',
      tls: true,
    },
  },
];

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function encode(writer, streamId) {
  writer.beginFrame(FRAME.NOTIFY, streamId, 1);
  for (const { name, args } of MESSAGES) {
    const names = Object.keys(args);
    writer.beginMessage(name, names.length);
    for (const key of names) {
      writer.argument(key);
      writer.value(args[key]);
    }
  }
  return writer.endFrame();
}

function decode(reader, bytes) {
  reader.frame(bytes, 4);
  let values = 0;
  while (reader.more) {
    reader.name();
    for (let left = reader.uint8(); left > 0; left--) {
      reader.name();
      if (reader.value() !== undefined) values++;
    }
  }
  if (values !== 7) throw new Error(`decoded ${values} values`);
}

/** Microseconds of CPU that this process has used since. */
const used = (since) => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

/** Microseconds of one call, the median of rounds. */
function cost(call) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    for (let i = 0; i < TURNS; i++) call(i);
    return used(start) / TURNS;
  });
  return median(rounds);
}

function codec() {
  const writer = new SpopWriter();
  const reader = new SpopReader();
  const encoding = cost((i) => {
    encode(writer, i);
    if (writer.length > 32_768) writer.reset();
  });
  writer.reset();
  encode(writer, 1);
  const bytes = Buffer.from(writer.bytes());
  const decoding = cost(() => decode(reader, bytes));
  console.log(
    `codec, a NOTIFY of ${bytes.length} bytes: encode ${encoding.toFixed(2)} µs, decode ${decoding.toFixed(2)} µs`,
  );
}

/** What the agent's process has used so far. */
async function agentUsed(child) {
  child.send('cpu');
  const [microseconds] = await once(child, 'message');
  return microseconds;
}

/** Pairs a second with so many under way, and what each costs either process. */
async function measure(client, child, window) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    let done = 0;
    const agentBefore = await agentUsed(child);
    const before = process.cpuUsage();
    const start = performance.now();
    const lane = async () => {
      while (performance.now() - start < TIME) {
        const { vars } = await client.notifyAll(MESSAGES);
        if (vars['sess.score'] !== 7) throw new Error('a wrong answer');
        done++;
      }
    };
    await Promise.all(Array.from({ length: window }, lane));
    const seconds = (performance.now() - start) / 1000;
    const [mine, theirs] = [used(before), (await agentUsed(child)) - agentBefore];
    rounds.push({ rate: done / seconds, client: mine / done, agent: theirs / done });
  }
  const middle = (name) => median(rounds.map((round) => round[name]));
  return { rate: middle('rate'), client: middle('client'), agent: middle('agent') };
}

async function serve() {
  const agent = createAgent({ name: 'bench' });
  agent.on('check-client', (args, ctx) => ctx.setVar('sess', 'score', args.ip('ip').bytes[3]));
  agent.on('check-request', (args, ctx) => {
    if (args.string('path').startsWith('/admin')) ctx.setVar('txn', 'deny', true);
  });
  const { port } = await agent.listen({ port: 0, host: '127.0.0.1' });
  process.on('disconnect', () => process.exit());
  process.on('message', () => process.send(used()));
  process.send(port);
}

async function main() {
  codec();
  const child = fork(import.meta.filename, ['serve']);
  try {
    const [port] = await once(child, 'message');
    const client = await TestClient.connect({ port });
    await measure(client, child, 20);
    for (const window of [1, 20, 200]) {
      const { rate, client: mine, agent: theirs } = await measure(client, child, window);
      const each = `${mine.toFixed(1)} µs of the client, ${theirs.toFixed(1)} µs of the agent each`;
      console.log(`one connection, ${window} under way: ${Math.round(rate)} NOTIFY/ACK a second, ${each}`);
    }
    await client.disconnect();
  } finally {
    child.kill();
  }
}

await (process.argv[2] === 'serve' ? serve() : main());
