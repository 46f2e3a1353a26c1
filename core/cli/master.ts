import type { ChildProcess } from 'node:child_process';
import { holdSignals } from './held-signals.ts';
import type { Messages } from './messages.ts';
import { monotonicStamp, type Notify } from './notify.ts';
import { exitCode, startAs, type Report, type Start } from './roles.ts';
import { writePidfile } from './serve.ts';

export interface Master {
  readonly args: readonly string[];
  readonly start: Start;
  readonly messages: Messages;
  readonly notify: Notify;
  readonly pidfile: string | undefined;
  /** Where the worker's words go. */
  readonly write: (text: string) => void;
  /** Called when the worker serves. */
  readonly ready: () => void;
}

/**
 * `-W`: one worker serves and is looked after. SIGUSR2 and SIGHUP reload it in place, SIGUSR1, SIGTERM and SIGINT are
 * passed on. When it ends, so does the master, with its exit code. management.txt chapters 3 and 4.
 */
export function superviseWorker({ args, start, messages, notify, pidfile, write, ready }: Master): Promise<number> {
  const giveSignals = holdSignals();
  const worker: ChildProcess = startAs('worker', args, start);
  let asked = false;
  const pass = (signal: NodeJS.Signals): void => {
    asked ||= signal !== 'SIGUSR2';
    worker.kill(signal);
  };
  const leave = (signal: NodeJS.Signals): void => {
    notify('STOPPING=1');
    pass(signal);
  };
  const reload = (): void => pass('SIGUSR2');
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);

  return new Promise((resolve) => {
    worker.on('message', (message: Report) => {
      switch (message.kind) {
        case 'ready':
          if (!become(pidfile, messages)) {
            pass('SIGTERM');
            break;
          }
          messages.notice(`New worker (${worker.pid}) forked`);
          messages.notice('Loading success.');
          notify('READY=1', 'STATUS=Ready.', `MAINPID=${process.pid}`);
          ready();
          // Not before: until it serves, the worker has no ear for them.
          process.on('SIGUSR1', leave);
          process.on('SIGUSR2', reload);
          process.on('SIGHUP', reload);
          giveSignals();
          break;
        case 'reloading':
          notify('RELOADING=1', 'STATUS=Reloading Configuration.', monotonicStamp());
          break;
        case 'reloaded':
          notify('READY=1', message.ok ? 'STATUS=Ready.' : 'STATUS=Reload failed!');
          break;
        case 'stopping':
          break;
        case 'text':
          write(message.text);
      }
    });
    worker.on('error', (error) => {
      messages.alert(`The worker could not be started: ${error.message}`);
      resolve(1);
    });
    worker.on('exit', (code, signal) => {
      const status = exitCode(code, signal);
      if (!asked)
        messages.alert(`Current worker (${worker.pid}) exited with code ${status}${signal ? ` (${signal})` : ''}`);
      messages.warning(`All workers exited. Exiting... (${status})`);
      resolve(status);
    });
  });
}

/** The pid file is written when there is something to point at. */
function become(pidfile: string | undefined, messages: Messages): boolean {
  try {
    if (pidfile !== undefined) writePidfile(pidfile);
    return true;
  } catch (error) {
    messages.alert(`Cannot create pidfile ${pidfile}: ${(error as Error).message}`);
    return false;
  }
}
