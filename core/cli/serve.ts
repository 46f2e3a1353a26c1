import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError, type ProxyHandle } from '../index.ts';
import { holdSignals } from './held-signals.ts';
import { describe, hasListener, loadProxy, type Loaded, type Loading } from './loading.ts';
import { OldProcesses } from './old-processes.ts';
import { allowConnections, dropPrivileges, limitDescriptors } from './privileges.ts';
import { report, signalNumber } from './roles.ts';

/** How often and at which distance (ms) a taken address is tried again while old processes let go of theirs. */
const TRIES = 20;
const PAUSE = 50;

/** Where the process stands, for signals that come at any time. */
type State = 'serving' | 'leaving';

/**
 * Runs the proxy in this process until a signal ends it. Answers the exit code; management.txt chapter 4.
 * `ready` is called once the listeners are bound.
 */
export async function serve(loading: Loading, ready: (handle: ProxyHandle) => void): Promise<number> {
  const { line, messages } = loading;
  const giveSignals = holdSignals();
  const old = new OldProcesses(line.finish, line.terminate);
  const first = await loadProxy(loading);
  if (first === undefined) return 1;
  if (!hasListener(first.handle.config)) {
    messages.alert("[sluice.main()] No enabled listener found (check for 'bind' directives) ! Exiting.");
    await first.handle.stop();
    return 1;
  }
  const { ulimitN, strictLimits, maxconn } = first.handle.config.global.settings;
  const limited = ulimitN === undefined ? allowConnections(line.maxconn ?? maxconn) : limitDescriptors(ulimitN);
  if (limited !== undefined && strictLimits) {
    messages.alert(`[sluice.main()] ${limited}`);
    await first.handle.stop();
    return 1;
  }
  if (limited !== undefined) messages.warning(limited);
  const started = await start(first, loading, old);
  if (started === undefined) return 1;
  const { handle } = started;
  try {
    const pidfile = line.pidfile ?? handle.config.global.settings.pidfile;
    // Under a master the file is the master's to write.
    if (pidfile !== undefined && !loading.masterWorker) writePidfile(pidfile);
    dropPrivileges(handle.config.global.settings);
  } catch (error) {
    messages.alert(describe(error));
    await handle.stop();
    return 1;
  }
  old.replace();
  const code = untilSignal(handle, loading);
  giveSignals();
  ready(handle);
  return code;
}

/** @throws when it cannot be written. */
export function writePidfile(path: string): void {
  writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
}

/** Binds. Where an old process holds an address, it is asked to let go, and asked to go on if that was no help. */
async function start(first: Loaded, loading: Loading, old: OldProcesses): Promise<Loaded | undefined> {
  const { messages } = loading;
  const wasQuiet = messages.quiet;
  let loaded: Loaded | undefined = first;
  for (let attempt = 1; loaded !== undefined; attempt++) {
    const last: boolean = !old.any || attempt === TRIES;
    // Only the last failure is told.
    messages.quiet = wasQuiet || !last;
    try {
      await loaded.handle.start();
      messages.quiet = wasQuiet;
      return loaded;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      messages.diagnostics(error.diagnostics);
      if (last && error.diagnostics.some(({ proxy }) => proxy !== undefined))
        messages.alert('[sluice.main()] Some protocols failed to start their listeners! Exiting.');
      if (last) break;
    }
    if (attempt === 1) old.pause();
    await sleep(PAUSE);
    loaded = await loadProxy(loading);
  }
  messages.quiet = wasQuiet;
  if (old.any) old.resume();
  return undefined;
}

/** Follows the signals of management.txt chapter 4; resolves with the exit code. */
function untilSignal(handle: ProxyHandle, { messages, log }: Loading): Promise<number> {
  let state: State = 'serving';
  let reloading: Promise<void> | undefined;
  let again = false;
  const guarded = (what: string, run: () => Promise<void>): void => {
    run().catch((error: unknown) => {
      log.error({ err: error }, `${what} failed`);
      if (!(error instanceof ConfigurationError)) messages.alert(`${what} failed: ${describe(error)}`);
    });
  };
  const reload = async (): Promise<void> => {
    report({ kind: 'reloading' });
    try {
      await handle.reload();
      messages.notice('The new configuration is in use.');
      report({ kind: 'reloaded', ok: true });
    } catch (error) {
      if (error instanceof ConfigurationError) messages.diagnostics(error.diagnostics);
      messages.alert('The new configuration was refused; the old one is still in use.');
      report({ kind: 'reloaded', ok: false });
      if (!(error instanceof ConfigurationError)) throw error;
    } finally {
      reloading = undefined;
      if (again) process.emit('SIGUSR2');
    }
  };
  return new Promise((resolve) => {
    const hardStop = (signal: 'SIGTERM' | 'SIGINT'): void => {
      state = 'leaving';
      report({ kind: 'stopping' });
      guarded('stopping', () => handle.stop().finally(() => resolve(128 + signalNumber(signal))));
    };
    process.on('SIGTERM', hardStop);
    process.on('SIGINT', hardStop);
    process.on('SIGUSR1', () => {
      if (state === 'leaving') return;
      state = 'leaving';
      report({ kind: 'stopping' });
      guarded('the soft stop', async () => {
        // configuration.txt 3.1, grace: new connections are still accepted for a while.
        await sleep(handle.config.global.settings.grace ?? 0);
        await handle.stop({ drain: true });
        resolve(0);
      });
    });
    process.on('SIGUSR2', () => {
      if (state === 'leaving') return;
      // One at a time; the file may have changed since the one under way has read it.
      again = reloading !== undefined;
      if (again) return;
      reloading = reload();
      guarded('the reload', () => reloading ?? Promise.resolve());
    });
    process.on('SIGTTOU', () => guarded('letting go of the listeners', () => handle.pauseListeners()));
    process.on('SIGTTIN', () => guarded('listening again', () => handle.resumeListeners()));
    for (const signal of ['SIGHUP', 'SIGQUIT'] as const) {
      process.on(signal, () => messages.warning(`${signal}: ${JSON.stringify(handle.stats())}`));
    }
  });
}
