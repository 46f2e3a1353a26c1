import { loadConfig, type Diagnostic, type LoadedConfig } from '../../core/config/index.ts';
import { createCompiler } from '../../core/expression/index.ts';
import { compileRegex } from '../../core/expression/regex.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';

/** Loads a configuration written in a test. */
export function load(...lines: string[]): Promise<LoadedConfig> {
  return loadConfig({
    sources: [{ name: 'test.cfg', text: `${lines.join('\n')}\n` }],
    env: {},
    plugins: stockPlugins,
    regex: compileRegex,
    compilerFor: createCompiler,
  });
}

/** What was said about it, without the closing lines and the warnings about what it lacks. */
export function said(config: LoadedConfig): string[] {
  return config.diagnostics
    .filter(({ message }) => !/^(?:missing timeouts|Fatal errors|Error\(s\)|.* has no 'bind')/.test(message))
    .map(({ severity, message }: Diagnostic) => `${severity}: ${message}`);
}
