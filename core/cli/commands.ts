/** The first word of the command line where it is one of ours and no option of HAProxy's: those begin with a dash. */
export type Subcommand = (args: readonly string[], io: CommandOutput) => Promise<number>;

/** Where a command speaks to. */
export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Loaded when they are asked for: a proxy that starts has no use for them. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Subcommand>>> = {
  test: async () => {
    const { testCommand } = await import('./test-command.ts');
    return (args, { out, err }) => testCommand(args, out, err);
  },
  plugins: async () => (await import('./plugins-command.ts')).pluginsCommand,
  'create-plugin': async () => (await import('./create-plugin/command.ts')).createPluginCommand,
  agent: async () => (await import('../../spoe-agents/cli/agent.ts')).runAgent,
  'spop-dump': async () => (await import('../../spoe-agents/cli/spop-dump.ts')).spopDump,
  'plugin-readme': async () => (await import('./plugin-readme.ts')).pluginReadmeCommand,
};

export function findSubcommand(word: string | undefined): (() => Promise<Subcommand>) | undefined {
  return word !== undefined && Object.hasOwn(SUBCOMMANDS, word) ? SUBCOMMANDS[word] : undefined;
}
