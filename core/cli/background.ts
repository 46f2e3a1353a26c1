import type { Messages } from './messages.ts';
import { exitCode, startAs, type Report, type Start } from './roles.ts';

/**
 * `-D`: leaves a process in the background and waits until it serves or has failed. What it says until then is shown here.
 * Answers the exit code: 0, or the child's own.
 */
export function goToBackground(args: readonly string[], start: Start, write: (text: string) => void): Promise<number> {
  const child = startAs('background', args, start);
  return new Promise((resolve) => {
    child.on('message', (message: Report) => {
      if (message.kind === 'text') write(message.text);
      if (message.kind !== 'ready') return;
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.on('exit', (code, signal) => resolve(exitCode(code, signal)));
    child.on('error', (error) => {
      write(`${error.message}\n`);
      resolve(1);
    });
  });
}

/** Cuts the ties of a background process to the terminal it was started from. */
export function detach(messages: Messages): void {
  messages.quiet = true;
  if (process.connected) process.disconnect();
}
