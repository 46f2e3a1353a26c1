import type { CommandKeyword, CommandSession, CommandTable, Log, Names } from '../api/index.ts';
import { Diagnostics } from '../config/diagnostics.ts';
import { LineRefused, LineWords } from '../config/words.ts';
import { DuplicateWordError, type Entry } from './registry.ts';

const LEVELS = ['user', 'operator', 'admin'] as const;

/** The Runtime API's commands of one generation: those of the plugins' tables, and those that plugins made when they were set up. */
export class PluginCommands implements CommandTable {
  readonly #entries: Map<string, Entry<CommandKeyword>>;
  readonly #names: Names;
  readonly #log: Log;

  constructor(tables: ReadonlyMap<string, Entry<CommandKeyword>>, names: Names, log: Log) {
    this.#entries = new Map(tables);
    this.#names = names;
    this.#log = log;
  }

  /** @throws {DuplicateWordError} when another plugin has the command. */
  add(plugin: string, commands: Readonly<Record<string, CommandKeyword>>): void {
    for (const [word, keyword] of Object.entries(commands)) {
      const taken = this.#entries.get(word);
      if (taken) {
        throw new DuplicateWordError(`the command '${word}' is registered by both '${taken.plugin}' and '${plugin}'`);
      }
      this.#entries.set(word, { word, keyword, plugin });
    }
  }

  get all(): ReadonlyMap<string, CommandKeyword> {
    const sorted = [...this.#entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return new Map(sorted.map(([word, { keyword }]) => [word, keyword]));
  }

  find(words: readonly string[]): [name: string, keyword: CommandKeyword] | undefined {
    // A word with a blank in it, which was escaped, is one word and no command's.
    const blank = words.findIndex((word) => word.includes(' '));
    for (let length = blank < 0 ? words.length : blank; length > 0; length--) {
      const name = words.slice(0, length).join(' ');
      const entry = this.#entries.get(name);
      if (entry) return [name, entry.keyword];
    }
    return undefined;
  }

  async run(words: readonly string[], name: string, session: CommandSession): Promise<string | undefined> {
    const entry = this.#entries.get(name);
    if (!entry) return 'Unknown command.';
    const { keyword, plugin } = entry;
    if (LEVELS.indexOf(session.level) < LEVELS.indexOf(keyword.level)) return 'Permission denied';
    if (keyword.needs !== undefined && !session.modes.has(keyword.needs)) {
      return `Permission denied : this command needs '${keyword.needs} on' first.`;
    }
    const tokens = words.map((text) => ({ text, column: 1, width: text.length, line: 1 }));
    const line = new LineWords('', tokens, name.split(' ').length, name, 'plain', new Diagnostics());
    try {
      await keyword.run(line, session, this.#names);
      return undefined;
    } catch (error) {
      if (error instanceof LineRefused) return error.message;
      this.#log.error({ plugin, err: error }, `the command '${name}' of plugin '${plugin}' failed`);
      return 'Internal error.';
    }
  }
}
