import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend, PluginContext, Server } from 'sluice/plugin';
import { STATE_FILES, STATE_SOURCE } from './directives.ts';
import { parseServerStates, type SavedServer } from './state-file.ts';

/** Gives servers the states that files have of them, before there is traffic. configuration.txt 4.2, load-server-state-from-file. */
export async function loadStates(context: PluginContext): Promise<void> {
  const { base, file } = context.global.findExtension(STATE_FILES) ?? { base: undefined, file: undefined };
  const place = (name: string): string => (name.startsWith('/') || base === undefined ? name : join(base, name));
  let whole: readonly SavedServer[] | undefined;
  for (const backend of context.backends) {
    const source = backend.extension(STATE_SOURCE);
    if (source === undefined || source.from === 'none') continue;
    if (source.from === 'global') {
      if (file === undefined) continue;
      whole ??= await read(place(file), `Can't open global server state file '${place(file)}'`, context);
      apply(whole, backend);
    } else {
      const path = place(source.file ?? backend.name);
      apply(await read(path, `Can't open server state file '${path}' for backend '${backend.name}'`, context), backend);
    }
  }
}

async function read(path: string, refusal: string, context: PluginContext): Promise<SavedServer[]> {
  let text: string;
  try {
    text = await readFile(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    context.warn(`${refusal}: ${code === 'ENOENT' ? 'No such file or directory' : String(code)}`);
    return [];
  }
  const { servers, complaints } = parseServerStates(text);
  for (const { line, problem } of complaints) context.warn(`${path}:${line} : ${problem}`);
  return servers;
}

function apply(saved: readonly SavedServer[], backend: Backend): void {
  for (const one of saved) {
    if (one.backend !== backend.name) continue;
    const server = find(backend, one);
    server?.state.restore(one);
  }
}

/** By its name; a number that the configuration gives stands for a server that was renamed. */
function find({ servers }: Backend, { server: name, serverId }: SavedServer): Server | undefined {
  return servers.find((one) => one.name === name) ?? servers.find((one) => one.config.id === serverId);
}
