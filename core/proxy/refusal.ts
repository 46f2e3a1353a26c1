import type { LoadedConfig } from '../config/load.ts';
import { type Diagnostic, locateDiagnostic } from '../config/diagnostics.ts';
import { LineError } from '../kernel/listen.ts';
import { ListenError } from '../net/listen-target.ts';
import { PluginError } from '../plugin/generation.ts';
import { DuplicateWordError } from '../plugin/registry.ts';

const CLOSING = /^(?:Fatal errors found in configuration|Error\(s\) found in configuration file : )/;

/** It says only that there were others, as HAProxy does at the end of a file and of all. */
export function isClosing({ message }: Diagnostic): boolean {
  return CLOSING.test(message);
}

/** The configuration was refused; the message has every error with its file, line and column, {@link diagnostics} all that was said. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const alerts = diagnostics.filter((diagnostic) => diagnostic.severity === 'alert' && !isClosing(diagnostic));
    super(alerts.map(locateDiagnostic).join('\n') || 'the configuration was refused');
    this.diagnostics = diagnostics;
  }
}

/** What is wrong with addresses whose port the system would choose. */
export function portsZero({ proxies }: LoadedConfig): Diagnostic[] {
  return proxies.flatMap(({ binds }) =>
    binds
      .filter(({ addresses }) => addresses.some((address) => /:0+(?:-0+)?$/.test(address) && !address.includes('/')))
      .map(({ file, line }) => ({ severity: 'alert', message: `'bind' : invalid port '0'`, file, line }) as const),
  );
}

/** An error of the start in the words of a diagnostic; undefined for what is nobody's fault but ours. */
export function asDiagnostic(error: unknown): Diagnostic | undefined {
  if (error instanceof LineError) {
    return { severity: 'alert', message: error.message, file: error.file, line: error.line, proxy: error.proxy };
  }
  if (error instanceof ListenError || error instanceof PluginError || error instanceof DuplicateWordError)
    return { severity: 'alert', message: error.message };
  return undefined;
}
