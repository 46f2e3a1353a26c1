import { statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

export const PATH_POLICIES = ['current', 'config', 'parent', 'origin'] as const;
export type PathPolicy = (typeof PATH_POLICIES)[number];

/** Where relative file names begin: `default-path`, configuration.txt 3.1. */
export class FilePaths {
  #policy: PathPolicy = 'current';
  #origin = '';

  /** Answers what is wrong with the folder this leads to, if anything. */
  use(policy: PathPolicy, origin: string, configFile: string): string | undefined {
    this.#policy = policy;
    this.#origin = origin;
    const folder = this.#folder(configFile);
    if (folder === '' || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    return `couldn't set 'default-path' to ${policy} '${folder}': no such directory`;
  }

  resolve(file: string, configFile: string): string {
    const folder = this.#folder(configFile);
    return folder === '' || isAbsolute(file) ? file : join(folder, file);
  }

  #folder(configFile: string): string {
    const slash = configFile.includes('/');
    if (this.#policy === 'config') return slash ? dirname(configFile) : '';
    if (this.#policy === 'parent') return slash ? join(dirname(configFile), '..') : '..';
    return this.#policy === 'origin' ? this.#origin : '';
  }
}
