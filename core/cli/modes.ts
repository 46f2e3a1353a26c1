import { dirname, resolve } from 'node:path';
import { loadConfig, type SourceSpec } from '../config/index.ts';
import { readSources } from '../config/sources.ts';
import { createCompiler } from '../expression/index.ts';
import { compileRegex } from '../expression/regex.ts';
import { loadPlugin } from '../plugin/load.ts';
import { stockPlugins } from '../plugin/stock.ts';
import type { CommandLine } from './arguments.ts';

/** How the process is to live: in the background, under a master. */
export interface Modes {
  readonly daemon: boolean;
  readonly masterWorker: boolean;
  /** As the configuration has it, where it had to be read. */
  readonly pidfile?: string | undefined;
}

/**
 * What the arguments say, and the words `daemon` and `master-worker` of the configuration. That is read in full only where
 * one of the words stands at the beginning of a line, or a master needs to know its pid file: the process that serves reads
 * it again. One that cannot be read is left for it to complain about.
 */
export async function configuredModes(line: CommandLine): Promise<Modes> {
  const asked = { daemon: line.daemon, masterWorker: line.masterWorker };
  if (line.foreground || line.debug) return { daemon: false, masterWorker: false };
  if (line.daemon && line.masterWorker && line.pidfile !== undefined) return asked;
  const settings = await readModes(line.files);
  return {
    daemon: asked.daemon || (settings?.daemon ?? false),
    masterWorker: asked.masterWorker || (settings?.masterWorker ?? false),
    pidfile: settings?.pidfile,
  };
}

async function readModes(sources: readonly SourceSpec[]): Promise<Modes | undefined> {
  let texts: string[];
  try {
    texts = (await readSources(sources)).map(({ text }) => text);
  } catch {
    return undefined;
  }
  if (!texts.some((text) => /^\s*(?:daemon|master-worker|pidfile)\b/m.test(text))) return undefined;
  const { global } = await loadConfig({
    sources,
    env: process.env,
    plugins: stockPlugins,
    loadPlugin: ({ specifier, file }) => loadPlugin(specifier, dirname(resolve(file))),
    regex: compileRegex,
    compilerFor: createCompiler,
  });
  return global.settings;
}
