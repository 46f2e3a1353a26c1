// Opens many connections, asks one thing on each, and then leaves them alone.
// usage: node idle-client.js <port> <count> <path> <answer's body length>
// Prints {"open":n} when all have had their answer; each line on stdin is answered with {"open":n}, the number still
// open; ends when stdin does.
import net from 'node:net';

const AT_ONCE = 64;
const [port = 0, count = 0] = process.argv.slice(2, 4).map(Number);
const [path = '/', length = '0'] = process.argv.slice(4);
const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

let open = 0;
const report = () => process.stdout.write(`${JSON.stringify({ open })}\n`);

/** @returns {Promise<void>} */
function openOne() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
    let head = '';
    let missing = -1;
    socket.on('data', (/** @type {Buffer} */ data) => {
      if (missing < 0) {
        head += data.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.startsWith('HTTP/1.1 200 ')) return reject(new Error(`answer: ${head.slice(0, 80)}`));
        // The Node proxies may answer in chunks, whose framing is not worth following here.
        const chunked = /^transfer-encoding:\s*chunked/im.test(head.slice(0, end));
        missing = chunked ? Infinity : Number(length) - (head.length - end - 4);
        if (chunked && head.endsWith('0\r\n\r\n')) missing = 0;
      } else {
        missing = data.toString('latin1').endsWith('0\r\n\r\n') && missing === Infinity ? 0 : missing - data.length;
      }
      if (missing > 0) return;
      open++;
      resolve();
    });
    socket.on('close', () => {
      if (missing > 0 || missing === -1) reject(new Error('closed before it had its answer'));
      else open--;
    });
    socket.on('error', reject);
  });
}

let started = 0;
async function openSome() {
  while (started < count) {
    started++;
    // One after the other is the point: AT_ONCE of these loops run.
    // oxlint-disable-next-line no-await-in-loop
    await openOne();
  }
}

process.stdin.on('data', report);
process.stdin.on('end', () => process.exit());
await Promise.all(Array.from({ length: AT_ONCE }, openSome));
report();
