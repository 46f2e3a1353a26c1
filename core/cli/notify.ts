import { spawn } from 'node:child_process';
import { DatagramSender } from '../net/datagram-sender.ts';
import { loadLibc } from '../net/libc.ts';

/** Tells the service manager about this process; sd_notify(3). */
export type Notify = (...lines: readonly string[]) => void;

/**
 * The way to NOTIFY_SOCKET: a datagram of our own where native calls can be had, else the program systemd-notify. Nothing
 * when the variable is not set. It is taken out of the environment, for children must not speak for their parent.
 */
export function takeNotify(failed: (reason: string) => void): Notify {
  const path = process.env['NOTIFY_SOCKET'];
  delete process.env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return () => {};
  const { libc } = loadLibc();
  if (libc === undefined) return (...lines) => throughProgram(path, lines, failed);
  const sender = new DatagramSender(libc, { path: Buffer.from(path).toString('latin1') });
  return (...lines) => {
    const code = sender.send(Buffer.from(`${lines.join('\n')}\n`));
    if (code !== undefined) failed(`cannot notify '${path}': ${code}`);
  };
}

function throughProgram(path: string, lines: readonly string[], failed: (reason: string) => void): void {
  const env = { ...process.env, NOTIFY_SOCKET: path };
  // Speaks for our process id, which is the one that the service manager watches.
  const child = spawn('systemd-notify', [`--pid=${process.pid}`, ...lines], { env, stdio: 'ignore' });
  child.on('error', (error) => failed(`cannot run systemd-notify: ${error.message}; npm install koffi does without`));
}

/** What goes with RELOADING=1: microseconds of CLOCK_MONOTONIC. */
export function monotonicStamp(): string {
  return `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`;
}
