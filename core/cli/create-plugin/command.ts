import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { didYouMean } from '../../config/nearest.ts';
import type { CommandOutput } from '../commands.ts';
import { ownVersion } from '../version.ts';
import { readName } from './names.ts';
import { LICENSES, writePlugin } from './template.ts';

export const CREATE_USAGE: string = `Usage : sluice create-plugin <name> [ <option> … ]
        Makes the package of a plugin: sources in TypeScript, tests, README, CI workflow, example configuration.
        <name> is that of the plugin (geoip) or of the package (sluice-plugin-geoip, @acme/geoip).
        --description <text>  one sentence
        --author <text>       name <mail> (url), as in package.json
        --license <id>        ${LICENSES.join(', ')}; MIT unless told otherwise
        --dir <folder>        where to put it; ./sluice-plugin-<name> unless told otherwise
        --sluice <spec>       which sluice to develop with: a version or a path of a package; this one's version unless told otherwise
        --yes                 asks nothing, also on a terminal
`;

/** Asks one question; the answer in brackets is taken for an empty line. */
type Ask = (question: string, suggestion: string) => Promise<string>;

/** `sluice create-plugin`: 0 when the package has been written. */
export async function createPluginCommand(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  const fail = (message: string): number => {
    err(`sluice create-plugin: ${message}\n`);
    return 1;
  };
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        description: { type: 'string' },
        author: { type: 'string' },
        license: { type: 'string' },
        dir: { type: 'string' },
        sluice: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${CREATE_USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    out(CREATE_USAGE);
    return 0;
  }
  if (positionals.length > 1) return fail(`one name at a time, got '${positionals.join("', '")}'\n${CREATE_USAGE}`);
  const terminal = process.stdin.isTTY && process.stdout.isTTY && values.yes !== true;
  const ask = terminal ? askTerminal() : undefined;
  try {
    const name = positionals[0] ?? (await ask?.ask('Name of the plugin', '')) ?? '';
    if (name === '') return fail(`a plugin needs a name\n${CREATE_USAGE}`);
    const names = readName(name);
    if (typeof names === 'string') return fail(names);
    const folder = resolve(values.dir ?? names.folder);
    if (existsSync(folder)) return fail(`there is something at ${folder} already; remove it, or choose --dir`);
    const answer = (given: string | undefined, question: string, suggestion: string): Promise<string> | string =>
      given ?? ask?.ask(question, suggestion) ?? suggestion;
    const description = await answer(
      values.description,
      'What it does, in one sentence',
      `The plugin ${names.plugin}.`,
    );
    const author = await answer(values.author, 'Author', '');
    const license = await answer(values.license, `Licence (${LICENSES.join(', ')})`, 'MIT');
    if (!LICENSES.includes(license))
      return fail(
        `there is no text of the licence '${license}', only ${LICENSES.join(', ')}${didYouMean(license, LICENSES)}`,
      );
    const version = ownVersion();
    writePlugin(folder, {
      name: names.plugin,
      package: names.package,
      description,
      author,
      license,
      sluiceSpec: readSpec(values.sluice) ?? `^${version}`,
      sluicePeer: `>=${version} <1`,
    });
    const place = relative(process.cwd(), folder) || '.';
    out(`${names.package} is in ${place}. Next:\n\n  cd ${place}\n  npm install\n  npm test\n  npm run example\n`);
    return 0;
  } catch (error) {
    if (error instanceof Left) return fail(error.message);
    throw error;
  } finally {
    ask?.close();
  }
}

/** Whoever was asked went away. */
class Left extends Error {}

function askTerminal(): { ask: Ask; close: () => void } {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-D, Ctrl-C: a question that is open then would never be answered.
  const left = new Promise<never>((_resolve, reject) => {
    lines.once('close', () => reject(new Left('nothing has been written.')));
  });
  left.catch(() => undefined);
  return {
    async ask(question, suggestion) {
      const shown = suggestion === '' ? '' : ` [${suggestion}]`;
      return (await Promise.race([lines.question(`${question}${shown}: `), left])).trim() || suggestion;
    },
    close: () => lines.close(),
  };
}

/** A path is seen from here, not from the folder that is made. */
function readSpec(spec: string | undefined): string | undefined {
  if (spec === undefined || !(/^(?:file:|\.{0,2}\/)/.test(spec) || existsSync(spec))) return spec;
  return `file:${resolve(spec.replace(/^file:/, ''))}`;
}
