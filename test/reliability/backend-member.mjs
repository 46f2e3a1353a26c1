/**
 * A member of a backend in a process of its own, so that it can be killed and stopped. Notes each request (method and path, which is its own)
 * in the file of its second argument before it answers. A line on stdin: `slow <ms>`, `reset`, `fine`.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';

const [port, file] = process.argv.slice(2);
const notes = openSync(file, 'a');
let delay = 0;
let resets = false;

const server = createServer((socket) => {
  let text = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const [, method, path] = /^(\S+) (\S+)/.exec(text);
      text = text.slice(end + 4);
      if (path === '/health') {
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      writeSync(notes, `${method} ${path}\n`);
      if (resets) {
        socket.resetAndDestroy();
        return;
      }
      const answer = () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`, 'latin1');
      if (delay > 0) setTimeout(answer, delay);
      else answer();
    }
  });
});
server.listen(Number(port), '127.0.0.1');
process.stdin.setEncoding('latin1').on('data', (text) => {
  for (const line of text.trim().split('\n')) {
    const [word, value] = line.split(' ');
    resets = word === 'reset';
    delay = word === 'slow' ? Number(value) : 0;
  }
});
