import type { Diagnostic } from '../config/diagnostics.ts';
import type { ProxyOptions } from '../proxy/options.ts';
import { ConfigurationError, isClosing } from '../proxy/refusal.ts';
import { RunningProxy } from '../proxy/running-proxy.ts';

export interface DiagnoseOptions extends Pick<ProxyOptions, 'plugins' | 'env' | 'log'> {
  /** Looks up the names of servers, which needs a resolver that knows them. They are not looked up if left out. */
  readonly lookUp?: boolean;
}

/** What is said about a configuration. */
export interface Diagnosis {
  /** It would not run. */
  readonly refused: boolean;
  /** All that is said, in the order of the files and their lines. */
  readonly diagnostics: readonly Diagnostic[];
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  readonly notices: readonly Diagnostic[];
}

/**
 * Reads a configuration as the proxy would when it starts, sets up its plugins, and ends again: nothing is bound and nothing is
 * connected to. A text is the configuration itself; for files pass `{ file }`.
 */
export async function diagnose(
  config: string | Pick<ProxyOptions, 'config' | 'file'>,
  options: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const { lookUp = false, ...rest } = options;
  const sources = typeof config === 'string' ? { config } : config;
  const proxy = new RunningProxy({ ...sources, ...rest, ...(lookUp ? {} : { dial: () => undefined }) });
  try {
    await proxy.prepare();
  } catch (error) {
    if (error instanceof ConfigurationError) return diagnosis(error.diagnostics, true);
    throw error;
  }
  await proxy.stop();
  return diagnosis(proxy.diagnostics, false);
}

function diagnosis(diagnostics: readonly Diagnostic[], refused: boolean): Diagnosis {
  const of = (wanted: Diagnostic['severity']): Diagnostic[] =>
    diagnostics.filter((diagnostic) => diagnostic.severity === wanted && !isClosing(diagnostic));
  return { refused, diagnostics, errors: of('alert'), warnings: of('warning'), notices: of('notice') };
}
