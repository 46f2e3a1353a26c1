type Tool = (args: readonly string[]) => Promise<number>;

/** Programs beside the proxy, by the first word of the command line: HAProxy's always begins with a dash. Loaded when they are wanted. */
const TOOLS: Readonly<Record<string, () => Promise<Tool>>> = {
  agent: async () => (await import('../../spoe-agents/cli/agent.ts')).runAgent,
  'spop-dump': async () => (await import('../../spoe-agents/cli/spop-dump.ts')).spopDump,
};

export function findTool(word: string | undefined): (() => Promise<Tool>) | undefined {
  return word !== undefined && Object.hasOwn(TOOLS, word) ? TOOLS[word] : undefined;
}
