import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TestClient, type AgentCounters } from 'sluice/agent';
import { onTestFinished } from 'vitest';
import type { ProxyProgram } from '../support/proxy.ts';
import { missing } from '../support/which.ts';
import type { AgentCommand, RunningAgent } from '../../spoe-agents/shared/command.ts';

/** The proxies that are there to ask an agent. */
export const PROXIES: readonly ProxyProgram[] = missing('haproxy').length > 0 ? ['sluice'] : ['sluice', 'haproxy'];

export interface StartedAgent {
  readonly port: number;
  readonly client: TestClient;
  readonly running: RunningAgent;
  readonly logged: { readonly message: string; readonly details: Readonly<Record<string, unknown>> }[];
  counters(): Readonly<AgentCounters>;
}

/** Starts an agent as its command line would, with a client that plays the proxy; both end with the test. */
export async function startAgent(command: AgentCommand, words: readonly string[]): Promise<StartedAgent> {
  const { values } = parseArgs({ args: [...words], options: command.options });
  const logged: StartedAgent['logged'][number][] = [];
  const log = (details: object, message: string): void =>
    void logged.push({ message, details: details as Record<string, unknown> });
  const running = await command.start(values, { logger: { info: log, warn: log, error: log } });
  onTestFinished(async () => {
    await running.agent.close({ drainMs: 100 });
    await running.close?.();
  });
  const address = await running.agent.listen({ port: 0, host: '127.0.0.1' });
  const port = 'port' in address ? address.port : 0;
  const client = await TestClient.connect({ port, capabilities: ['pipelining', 'body-stream'] });
  onTestFinished(() => client.destroy());
  return { port, client, running, logged, counters: () => running.agent.counters };
}

/** A folder of this test's own. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'spoe-agents-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file with that text in a folder of its own. */
export function file(name: string, text: string | Buffer): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}
