import { type Conversation, RawOrigin } from '../support/raw-origin.ts';
import { RawClient } from '../support/raw-client.ts';
import { startProxy, type ProxyProgram, type RunningProxy } from '../support/proxy.ts';
import { freePort } from '../support/free-port.ts';
import { sleep } from '../support/wait.ts';

/** A proxy in TCP mode between a client and an origin, both played by a test. */
export interface Stage {
  readonly proxy: RunningProxy;
  readonly origin: RawOrigin;
  /** Ports of the frontends. */
  readonly ports: readonly number[];
  client(options?: { index?: number; halfOpen?: boolean }): Promise<RawClient>;
  /** The log lines there are once `count` have come. */
  log(count?: number): Promise<string[]>;
}

export interface Setting {
  readonly program: ProxyProgram;
  /** How many frontend ports the configuration needs; 1 if not said. */
  readonly frontends?: number;
  /** The proxies; `log-format` and short timeouts are in the defaults already. */
  readonly configuration: (ports: readonly number[], origin: number) => string;
  readonly play?: (conversation: Conversation, index: number) => void | Promise<void>;
  /** Lines for the defaults section besides what is there. */
  readonly defaults?: readonly string[];
  readonly global?: readonly string[];
}

/** Termination state, bytes each way, names, retries and queues: what is the same in every run. */
export const LOG_FORMAT = '%ts %B %U %f %b/%s %rc %sq/%bq';

export async function onStage(setting: Setting, run: (stage: Stage) => Promise<void>): Promise<void> {
  const origin = await RawOrigin.start(setting.play ?? (() => undefined));
  const clients: RawClient[] = [];
  let proxy: RunningProxy | undefined;
  try {
    proxy = await startProxy(
      setting.frontends ?? 1,
      (ports) =>
        [
          'global',
          '  log stdout format raw local0',
          ...(setting.global ?? []),
          'defaults',
          '  mode tcp',
          '  log global',
          // The probes with which the starter waits for the listeners send nothing.
          '  timeout connect 2s',
          '  timeout client 10s',
          '  timeout server 10s',
          `  log-format "${LOG_FORMAT}"`,
          ...(setting.defaults ?? []),
          setting.configuration(ports, origin.port),
          '',
        ].join('\n'),
      setting.program,
    );
    const running = proxy;
    // The starter's own connections, one to each frontend, are not part of the play.
    const logged = (): boolean => lines(running.process.stdout).length >= running.ports.length;
    for (let i = 0; i < 30 && !(logged() && origin.conversations.every(({ closed }) => closed !== 'open')); i++) {
      origin.forget();
      await sleep(10);
    }
    const before = lines(running.process.stdout).length;
    origin.forget();
    await run({
      proxy: running,
      origin,
      ports: running.ports,
      async client({ index = 0, halfOpen = false } = {}) {
        const client = await RawClient.connect(running.ports[index]!, { halfOpen });
        clients.push(client);
        return client;
      },
      async log(count = 1) {
        const so = (): string[] => lines(running.process.stdout).slice(before);
        await running.process.when(() => so().length >= count, 5000);
        return so();
      },
    });
  } finally {
    for (const client of clients) client.destroy();
    await proxy?.stop();
    await origin.stop();
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** A port on which nobody listens. */
export const closedPort: () => Promise<number> = freePort;
