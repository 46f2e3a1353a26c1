import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent, request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProxy, type ProxyProgram, type RunningProxy } from '../support/proxy.ts';

/** A proxy whose SPOE filter asks an agent. */
export interface HaproxyClient {
  readonly proxy: RunningProxy;
  /** A request to its frontend. */
  get(headers?: Readonly<Record<string, string>>, path?: string): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface HaproxySetup {
  /** The agent's port on 127.0.0.1, or its address. */
  readonly agent: number | string;
  /** Lines of the frontend, behind its filter. */
  readonly rules: string;
  /** Lines of `spoe-agent ag`, beside its messages, its backend and `option force-set-var`. */
  readonly options?: string;
  /** `spoe-message` sections. */
  readonly messages: Readonly<Record<string, string>>;
  readonly global?: string;
  readonly defaults?: string;
  readonly server?: string;
  /** Whole sections beside. */
  readonly sections?: string;
  readonly connections?: number;
  /** Whose SPOE filter it is; Debian's HAProxy by default. */
  readonly program?: ProxyProgram;
}

/** Starts a proxy with a filter `e`, whose agent's variables are `<scope>.ag.<name>`. */
export async function startHaproxy(setup: HaproxySetup): Promise<HaproxyClient> {
  const folder = mkdtempSync(join(tmpdir(), 'spoe-'));
  const file = join(folder, 'spoe.conf');
  const names = Object.keys(setup.messages);
  writeFileSync(
    file,
    `[e]
spoe-agent ag
  messages ${names.join(' ')}
  option force-set-var
  timeout hello 2s
  timeout idle 30s
  timeout processing 2s
  use-backend agents
${setup.options ?? ''}
${names.map((name) => `spoe-message ${name}\n${setup.messages[name]}`).join('\n')}
`,
  );
  const proxy = await startProxy(
    1,
    ([port]) => `global
  nbthread 1
${setup.global ?? ''}
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
${setup.defaults ?? ''}
frontend web
  bind 127.0.0.1:${port}
  filter spoe engine e config ${file}
${setup.rules}
backend agents
  mode tcp
  option spop-check
  server agent ${typeof setup.agent === 'number' ? `127.0.0.1:${setup.agent}` : setup.agent} ${setup.server ?? ''}
${setup.sections ?? ''}
`,
    setup.program ?? 'haproxy',
  );
  const agent = new HttpAgent({ keepAlive: true, maxSockets: setup.connections ?? 1 });
  return {
    proxy,
    get: (headers = {}, path = '/') =>
      new Promise((resolve, reject) => {
        const sent = request({ port: proxy.ports[0], host: '127.0.0.1', path, headers, agent }, (response) => {
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }));
          response.on('error', reject);
        });
        sent.on('error', reject);
        sent.end();
      }),
    stop: async () => {
      agent.destroy();
      await proxy.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
