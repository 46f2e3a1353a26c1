import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Plugin } from '../api/index.ts';
import { formatDiagnostic } from '../config/diagnostics.ts';
import { type LoadedConfig, loadConfig, type LoadedPlugin } from '../config/load.ts';
import { createCompiler } from '../expression/index.ts';
import { loadPlugin } from '../plugin/load.ts';
import { usageOf } from '../plugin/options.ts';
import { CLASSES } from '../plugin/registry.ts';
import { stockPlugins } from '../plugin/stock.ts';
import type { CommandOutput } from './commands.ts';
import { ownVersion } from './version.ts';

export const PLUGINS_USAGE: string = `Usage : sluice plugins [-f <cfgfile|cfgdir>]* [ --all ] [ --json ]
        Lists the plugins that a configuration loads: from where, which version, with which words.
        --all lists the words of those that come with the program, too.
        --json writes all of it as JSON.
        The plugins are imported; none is set up, and nothing is listened on.
`;

/** A plugin as `sluice plugins --json` has it. */
interface Listed {
  readonly name: string;
  readonly stock: boolean;
  readonly version: string | null;
  readonly package: string | null;
  readonly file: string | null;
  readonly specifier: string | null;
  readonly line: string | null;
  readonly arguments: readonly string[];
  readonly options: readonly string[];
  /** By class. */
  readonly words: Readonly<Record<string, readonly string[]>>;
}

/** `sluice plugins`: 0, or 1 when the configuration is refused; what could be loaded is listed all the same. */
export async function pluginsCommand(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  let options;
  try {
    options = parseArgs({
      args: [...args],
      options: {
        file: { type: 'string', short: 'f', multiple: true },
        all: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    err(`${error instanceof Error ? error.message : String(error)}\n${PLUGINS_USAGE}`);
    return 1;
  }
  if (options.help === true) {
    out(PLUGINS_USAGE);
    return 0;
  }
  const config = await read(options.file ?? []);
  for (const diagnostic of config.diagnostics) {
    if (diagnostic.severity === 'alert') err(`${formatDiagnostic(diagnostic, process.pid)}\n`);
  }
  const listed = config.plugins.filter(({ plugin }) => plugin.name !== 'language').map(describe);
  if (options.json === true) out(`${JSON.stringify(listed, null, 2)}\n`);
  else out(asText(listed, options.all === true));
  return config.failed ? 1 : 0;
}

function read(files: readonly string[]): Promise<LoadedConfig> {
  return loadConfig({
    sources: files,
    env: process.env,
    plugins: stockPlugins,
    loadPlugin: ({ specifier, file }) => loadPlugin(specifier, dirname(resolve(file))),
    compilerFor: createCompiler,
  });
}

function describe({ plugin, origin, line, args }: LoadedPlugin): Listed {
  const stock = stockPlugins.includes(plugin);
  return {
    name: plugin.name,
    stock,
    version: stock ? ownVersion() : (origin?.version ?? null),
    package: stock ? 'sluice' : (origin?.packageName ?? null),
    file: origin?.file ?? null,
    specifier: origin?.specifier ?? null,
    line: line === undefined ? null : `${line.file}:${line.line}`,
    arguments: args,
    options: Object.entries(plugin.options ?? {}).map(([name, option]) => usageOf(name, option)),
    words: wordsOf(plugin),
  };
}

function wordsOf(plugin: Plugin): Record<string, readonly string[]> {
  const tables = Object.keys(CLASSES) as (keyof typeof CLASSES)[];
  return Object.fromEntries(
    tables.flatMap((table) => {
      const words = Object.keys(plugin[table] ?? {});
      return words.length === 0 ? [] : [[table, words.toSorted()]];
    }),
  );
}

function asText(listed: readonly Listed[], all: boolean): string {
  const stock = listed.filter((plugin) => plugin.stock);
  const others = listed.filter((plugin) => !plugin.stock);
  const shown = all ? [...others, ...stock] : others;
  const blocks = shown.map((plugin) => [title(plugin), ...details(plugin)].join('\n'));
  if (others.length === 0) blocks.unshift('No plugins but those that come with the program.');
  if (!all) blocks.push(`With sluice ${ownVersion()}: ${stock.map(({ name }) => name).join(', ')}`);
  return `${blocks.join('\n\n')}\n`;
}

function title({ name, stock, version, package: owner, specifier }: Listed): string {
  if (stock) return `${name} (comes with sluice ${version})`;
  const packaged = owner === null ? 'in no package' : `package ${owner} ${version ?? 'without a version'}`;
  return `${name} (${packaged}), loaded as '${specifier}'`;
}

function details({ file, line, options, words }: Listed): string[] {
  const lines: string[] = [];
  if (file !== null) lines.push(`  file: ${file}`);
  if (line !== null) lines.push(`  line: ${line}`);
  if (options.length > 0) lines.push(`  options: ${options.join(', ')}`);
  for (const [table, list] of Object.entries(words)) {
    lines.push(`  ${CLASSES[table as keyof typeof CLASSES]}${list.length > 1 ? 's' : ''}: ${list.join(', ')}`);
  }
  if (Object.keys(words).length === 0) lines.push('  no words: it acts on traffic by itself');
  return lines;
}
