import { connect } from 'node:net';

/** Sends one command to a `stats socket` and gives what comes back. */
export function command(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(`${line}\n`));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (more: string) => (answer += more));
    socket.on('end', () => resolve(answer.trim()));
    socket.on('error', reject);
  });
}
