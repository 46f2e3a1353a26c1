import { hasListener, loadProxy, type Loading } from './loading.ts';

/** `-c`: says whether the configuration would run, and how: 0 yes, 1 no, 2 yes if it had a listener. */
export async function check(loading: Loading): Promise<number> {
  const { line, messages, output } = loading;
  const loaded = await loadProxy(loading);
  if (loaded === undefined) return 1;
  const { handle, warnings } = loaded;
  const listens = hasListener(handle.config);
  await handle.stop();
  const say = (text: string): void => {
    if (!messages.quiet) output(`${text}\n`);
  };
  if (!listens) {
    say('Configuration file has no error but will not start (no listener) => exit(2).');
    return 2;
  }
  if (warnings > 0) say('Warnings were found.');
  if (line.verbose) say('Configuration file is valid');
  return 0;
}
