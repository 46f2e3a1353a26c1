import { mergeKeywords } from '../plugin/registry.ts';
import { processLog } from '../plugin/process-log.ts';
import { stockPlugins } from '../plugin/stock.ts';
import { parseCommandLine, type CommandLine } from './arguments.ts';
import { detach, goToBackground } from './background.ts';
import { check } from './check.ts';
import { evaluateCondition } from './condition.ts';
import { describe, type Loading } from './loading.ts';
import { superviseWorker } from './master.ts';
import { Messages } from './messages.ts';
import { configuredModes, type Modes } from './modes.ts';
import { takeNotify } from './notify.ts';
import { report, reported, takeRole, type Role } from './roles.ts';
import { catchStrays } from './stray-faults.ts';
import { serve } from './serve.ts';
import { USAGE } from './usage.ts';
import { writeAll } from './output.ts';
import { buildText, versionText } from './version.ts';

/** Written at once: the process may end before an event loop turns. */
const out = (text: string): void => writeAll(1, text);
const err = (text: string): void => writeAll(2, text);

/** The whole program: what the arguments ask for, and the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const code = await obey(args);
  await reported();
  return code;
}

async function obey(args: readonly string[]): Promise<number> {
  const role = takeRole();
  const messages = new Messages(role === 'first' ? err : sayUpwards, process.argv[1] ?? 'sluice');
  const command = parseCommandLine(args);
  switch (command.kind) {
    case 'usage':
      out(versionText());
      err(`${USAGE}\n`);
      return 1;
    case 'refused':
      messages.alert(command.message);
      return 1;
    case 'version':
      out(versionText());
      if (command.full)
        out(
          buildText(
            mergeKeywords(stockPlugins),
            stockPlugins.map(({ name }) => name),
          ),
        );
      return 0;
    case 'condition':
      try {
        return evaluateCondition(command.text, process.env) ? 0 : 1;
      } catch (error) {
        messages.alert(`config : Failed to evaluate condition: ${describe(error)}`);
        return 2;
      }
    default:
      return run(command.line, args, role, messages);
  }
}

/** A child's words go up to the process that has a terminal; when nobody is left there, to its own stderr. */
function sayUpwards(text: string): void {
  if (process.connected) report({ kind: 'text', text });
  else err(text);
}

async function run(line: CommandLine, args: readonly string[], role: Role, messages: Messages): Promise<number> {
  const folder = process.cwd();
  messages.quiet = line.quiet && !line.verbose;
  messages.diagnose = line.diagnose;
  for (const notice of line.notices) if (role === 'first') messages.notice(notice);
  if (line.directory !== undefined) {
    try {
      process.chdir(line.directory);
    } catch (error) {
      messages.alert(`Could not change to directory ${line.directory} : ${describe(error)}`);
      return 1;
    }
  }
  const log = processLog();
  const loading: Loading = { line, messages, log, masterWorker: role === 'worker', output: out };
  if (line.check) return check(loading);

  catchStrays(log);

  const start = { folder, memory: line.memory };
  const modes: Modes = role === 'worker' ? { daemon: false, masterWorker: false } : await configuredModes(line);
  if (role === 'first' && modes.daemon) return goToBackground(args, start, err);
  if (modes.masterWorker) {
    const notify = line.systemd ? takeNotify((reason) => messages.warning(reason)) : () => {};
    const write = role === 'first' ? err : sayUpwards;
    const ready = (): void => {
      report({ kind: 'ready' });
      if (role === 'background') detach(messages);
    };
    return superviseWorker({ args, start, messages, notify, write, ready, pidfile: line.pidfile ?? modes.pidfile });
  }
  if (line.memory !== undefined && role === 'first')
    messages.notice(
      `'-m ${line.memory}' needs -D or -W; in the foreground use NODE_OPTIONS=--max-old-space-size=${line.memory}.`,
    );
  if (line.debug) messages.notice("'-d' keeps the process in the foreground; showing traffic is not built yet.");
  // A worker whose master died is nobody's any more: it finishes what it has.
  if (role === 'worker') process.on('disconnect', () => process.kill(process.pid, 'SIGUSR1'));
  return serve(loading, () => {
    report({ kind: 'ready' });
    if (role === 'background') detach(messages);
  });
}
