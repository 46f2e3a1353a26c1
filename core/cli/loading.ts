import { hostname } from 'node:os';
import { ConfigurationError, createProxy, type ProxyHandle } from '../index.ts';
import type { LoadedConfig } from '../config/index.ts';
import type { Log } from '../api/index.ts';
import type { CommandLine } from './arguments.ts';
import { KEYWORD_CLASSES, listKeywords } from './keyword-lists.ts';
import type { Messages } from './messages.ts';

export interface Loading {
  readonly line: CommandLine;
  readonly messages: Messages;
  readonly log: Log;
  readonly masterWorker: boolean;
  readonly output: (text: string) => void;
}

/** What is said of a configuration from here on; reloads speak through it, too. */
export type Loaded = { readonly handle: ProxyHandle; readonly warnings: number };

/**
 * Reads the configuration and says what there is to say about it. Undefined when it is refused, which has been said: exit
 * code 1.
 */
export async function loadProxy({ line, messages, log, masterWorker, output }: Loading): Promise<Loaded | undefined> {
  let handle: ProxyHandle;
  try {
    handle = await createProxy({
      file: line.files,
      env: environment(line, masterWorker),
      on: { message: ({ severity, text }) => messages[severity](text) },
      log,
      portZero: false,
      ...(line.maxconn === undefined ? {} : { maxconn: line.maxconn }),
    });
  } catch (error) {
    if (error instanceof ConfigurationError) messages.diagnostics(error.diagnostics);
    else messages.alert(describe(error));
    return undefined;
  }
  // `quiet` may stand in the configuration, and `-V` wins over it.
  messages.quiet = !line.verbose && (line.quiet || handle.config.global.settings.quiet);
  messages.diagnostics(handle.diagnostics);
  handle.on('diagnostics', (diagnostics) => messages.diagnostics(diagnostics));
  dump(line.dump, handle.config, messages, output);
  const { warnings } = handle.config;
  if (warnings > 0 && (line.zeroWarning || handle.config.global.settings.zeroWarning)) {
    messages.alert("config : Some warnings were found and 'zero-warning' is set. Aborting.");
    await handle.stop();
    return undefined;
  }
  return { handle, warnings };
}

const isKnown = (name: string): boolean => name === 'all' || name === 'help' || KEYWORD_CLASSES[name] !== undefined;

function dump(
  classes: readonly string[],
  { keywords }: LoadedConfig,
  messages: Messages,
  output: (text: string) => void,
): void {
  for (const name of classes) {
    if (!isKnown(name)) messages.warning(`'-dK${name}': unknown class; the classes are listed by -dKhelp.`);
  }
  const known = classes.filter(isKnown);
  if (known.length > 0) output(listKeywords(keywords, known));
}

/** The environment of the configuration; configuration.txt 2.3. */
function environment(line: CommandLine, masterWorker: boolean): Record<string, string | undefined> {
  return {
    ...process.env,
    HAPROXY_LOCALPEER: line.localPeer ?? hostname(),
    HAPROXY_CFGFILES: line.files.join(';'),
    ...(masterWorker ? { HAPROXY_MWORKER: '1' } : {}),
  };
}

/** Whether there is anything to do: a listener in a proxy that is not disabled. */
export function hasListener({ proxies }: LoadedConfig): boolean {
  return proxies.some((proxy) => proxy.binds.length > 0 && !proxy.settings.disabled);
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
