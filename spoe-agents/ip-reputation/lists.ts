import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Networks } from './networks.ts';

/** What a line of a list says of a network. */
export interface Verdict {
  /** 0 (the worst) to 100 (no doubt). */
  readonly score: number;
  /** The list's name: that of its file without extension. */
  readonly list: string;
}

export interface ListFile {
  readonly path: string;
  /** For lines that give none. */
  readonly score: number;
}

/**
 * Reads lists, later ones above earlier ones where both know the same network. A line is an address or a network, and a score if it is
 * another than the list's; `#` and `;` begin a comment, as in the lists that are published.
 * @throws Error with file and line.
 */
export async function readLists(files: readonly ListFile[]): Promise<Networks<Verdict>> {
  const networks = new Networks<Verdict>();
  for (const { path, score } of files) {
    const list = basename(path).replace(/\.[^.]+$/, '');
    const lines = (await readFile(path, 'utf8')).split('\n');
    const usual: Verdict = { score, list };
    for (const [index, line] of lines.entries()) {
      const [network, own, ...rest] = line
        .replace(/[#;].*/, '')
        .trim()
        .split(/[\s,]+/) as [string, string?, ...string[]];
      if (network === '') continue;
      const where = `${path}:${index + 1}`;
      if (rest.length > 0) throw new Error(`${where}: a network and a score at most, not '${line.trim()}'`);
      const verdict = own === undefined ? usual : { score: readScore(own, where), list };
      if (!networks.add(network, verdict))
        throw new Error(`${where}: '${network}' is neither an address nor a network such as 192.0.2.0/24`);
    }
  }
  return networks;
}

/** @throws Error with `where`. */
export function readScore(written: string, where: string): number {
  const score = /^\d{1,3}$/.test(written) ? Number(written) : 101;
  if (score > 100) throw new Error(`${where}: a score is a number from 0 to 100, not '${written}'`);
  return score;
}
