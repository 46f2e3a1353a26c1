// Asks a real haproxy what the cases in cases/*.txt evaluate to, and writes its answers beside them.
//   node test/expression/record.js [file…]        (HAPROXY names the program; default: haproxy)
// A case file holds, a line each:
//   > GET /uri | name: value | …   the request for the cases that follow; `body: text` gives it a body
//   expression                     evaluated as %[expression]
//   = format                       a whole log-format string
//   ? words                        an anonymous ACL; 1 or 0
//   # comment
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const haproxy = process.env.HAPROXY ?? 'haproxy';
const folder = new URL('cases/', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'expressions-'));

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const head = (port, more = '') =>
  `defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n timeout http-request 5s\nfrontend f\n` +
  ` bind 127.0.0.1:${port}\n option http-buffer-request\n http-request set-var(txn.s) str(text)\n` +
  ` http-request set-var(txn.i) int(7)\n http-request set-var(txn.b) bin(00ff41)\n http-request set-var(txn.a) ipv4(10.1.2.3)\n` +
  ` http-request set-var(txn.n) int(-3)\n${more}`;

const files = new URL('files/', import.meta.url).pathname;

function rule(kind, given, index) {
  const text = given.replaceAll('FILES/', files);
  const only = `{ req.fhdr(x-case) ${index} }`;
  if (kind === '?')
    return (
      ` http-request return status 200 content-type text/plain string 1 if ${only} { ${text} }\n` +
      ` http-request return status 200 content-type text/plain string 0 if ${only}\n`
    );
  const file = join(work, `${index}.lf`);
  writeFileSync(file, kind === '=' ? text : `%[${text}]`, 'latin1');
  return ` http-request return status 200 content-type text/plain lf-file ${file} if ${only}\n`;
}

function refusal(line, index) {
  const file = join(work, 'check.cfg');
  writeFileSync(file, head(1024, rule(line.kind, line.text, index)), 'latin1');
  const { status, stderr } = spawnSync(haproxy, ['-c', '-f', file], { encoding: 'latin1' });
  if (status === 0) return undefined;
  const message = /\[ALERT\][^\n]*? : config : (?:[Pp]arsing \[[^\]]*\] ?: )?([^\n]*)/.exec(stderr)?.[1] ?? 'refused';
  return message
    .replace(/^error detected (?:in frontend 'f' )?while parsing (?:an )?'http-request return'[^:]*: /, '')
    .replaceAll(files, 'FILES/')
    .replace(/\.+$/, '');
}

function ask(port, { method, uri, headers, body }, index) {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = body === '' ? '' : `content-length: ${body.length}\r\n`;
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${method} ${uri} HTTP/1.0\r\n${lines}${length}x-case: ${index}\r\n\r\n${body}`, 'latin1'),
    );
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** Waits until somebody listens there. */
async function listening(port) {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('haproxy does not listen');
}

async function record(name) {
  let request;
  const cases = [];
  for (const line of readFileSync(join(folder, name), 'latin1').split('\n')) {
    // FILES/ stands for the folder of map files: its path is no part of the record.
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('> ')) {
      const [start, ...fields] = line.slice(2).split(' | ');
      const [method, uri] = start.split(' ');
      const pairs = fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)]);
      request = {
        method,
        uri,
        headers: pairs.filter(([key]) => key !== 'body'),
        body: pairs.find(([key]) => key === 'body')?.[1] ?? '',
      };
    } else if (line.startsWith('= ') || line.startsWith('? '))
      cases.push({ request, kind: line[0], text: line.slice(2), line });
    else cases.push({ request, kind: '', text: line, line });
  }
  const refused = cases.map((one, index) => refusal(one, index));
  const port = await freePort();
  const config = join(work, 'run.cfg');
  writeFileSync(
    config,
    head(port, cases.map((one, i) => (refused[i] === undefined ? rule(one.kind, one.text, i) : '')).join('')),
    'latin1',
  );
  const haproxyProcess = spawn(haproxy, ['-db', '-q', '-f', config], { stdio: 'inherit' });
  await listening(port);
  const groups = [];
  for (const [index, one] of cases.entries()) {
    if (groups.at(-1)?.request !== one.request) groups.push({ request: one.request, cases: [] });
    groups.at(-1).cases.push({ case: one.line, ...(await answerTo(port, one, index, refused[index])) });
  }
  haproxyProcess.kill();
  const out = join(folder, name.replace(/\.txt$/, '.json'));
  const text = groups.map(
    (group) =>
      `{ "request": ${JSON.stringify(group.request)},\n  "cases": [\n${group.cases.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ] }`,
  );
  writeFileSync(out, `[${text.join(',\n')}]\n`);
  process.stdout.write(
    `${name}: ${cases.length} cases, ${refused.filter((one) => one !== undefined).length} refused\n`,
  );
}

async function answerTo(port, one, index, refused) {
  if (refused !== undefined) return { refused };
  const answer = await ask(port, one.request, index);
  const status = answer.slice(9, 12);
  return status === '200' ? { value: answer.slice(answer.indexOf('\r\n\r\n') + 4) } : { status };
}

const given = process.argv.slice(2).map((file) => basename(file));
for (const name of given.length > 0 ? given : readdirSync(folder).filter((file) => file.endsWith('.txt')))
  await record(name);
rmSync(work, { recursive: true });
