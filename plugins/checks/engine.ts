import type { CheckFunction, PluginContext, ProxySettings, Server } from 'sluice/plugin';
import { resolveEndpoint } from './address.ts';
import { AgentProbe } from './agent-probe.ts';
import { ConnectProbe } from './connect-probe.ts';
import { FunctionProbe } from './function-probe.ts';
import { observeServer } from './observe.ts';
import type { Target } from './probe.ts';
import { Runner } from './runner.ts';
import { CHECKS, type InitState, type ServerChecks } from './settings.ts';

/** Servers checked less often than this do not slow down the first checks of the others (measured), milliseconds. */
const SPREAD_FROM = 1000;
/** Times when nobody said any, in milliseconds. */
const NO_LIMIT = 2_147_483_647;

/** All checks of one generation. */
export class Engine {
  readonly #context: PluginContext;
  /** By server: there may be its health check and its agent's. */
  readonly #runners = new Map<Server, Runner[]>();
  readonly #observed = new Set<Server>();
  /** The first checks have been planned: those of servers that are added begin by themselves. */
  #started = false;

  constructor(context: PluginContext) {
    this.#context = context;
  }

  /** Makes the checks of all servers, none of them started. Throws for what cannot be resolved. */
  async prepare(): Promise<void> {
    const { backends } = this.#context;
    for (const { servers } of backends) {
      for (const server of servers) {
        const checks = server.extension(CHECKS);
        if (checks === undefined) continue;
        if (checks.check) this.#addHealth(server, checks);
        if (checks.agent) await this.#addAgent(server, checks);
      }
    }
    for (const backend of backends) {
      for (const server of backend.servers) this.#track(server);
      backend.onServers((server, change) => {
        if (change === 'removed') this.#forget(server);
        else void this.#join(server);
      });
    }
  }

  #track(server: Server): void {
    const { backends } = this.#context;
    const track = server.extension(CHECKS)?.track;
    if (track === undefined) return;
    const [backend, tracked] = track.includes('/')
      ? (track.split('/') as [string, string])
      : [server.backend.name, track];
    const target = backends.find((one) => one.name === backend)?.servers.find((one) => one.name === tracked);
    // A backend that is disabled does not run: nothing is known of its servers.
    if (target !== undefined) server.state.track(target);
  }

  /** A server was added at run time. Its checks are off until they are enabled. management.txt 9.3, `add server`. */
  async #join(server: Server): Promise<void> {
    this.#track(server);
    const checks = server.extension(CHECKS);
    if (checks === undefined) return;
    if (checks.check) {
      this.#addHealth(server, checks);
      server.state.enable('health', false);
    }
    if (checks.agent) {
      try {
        await this.#addAgent(server, checks);
        server.state.enable('agent', false);
      } catch (error) {
        this.#context.log.error({ err: error }, `server ${server.backend.name}/${server.name} has no agent check`);
      }
    }
    // It may have been removed while a name was looked up.
    if (!server.backend.servers.includes(server)) this.#forget(server);
    else if (this.#started) for (const runner of this.#runners.get(server) ?? []) runner.start(0);
  }

  #forget(server: Server): void {
    for (const runner of this.#runners.get(server) ?? []) runner.stop();
    this.#runners.delete(server);
    if (this.#observed.delete(server)) server.state.observe(undefined);
  }

  #addHealth(server: Server, checks: ServerChecks): void {
    const { settings } = server.backend;
    const { rise, fall, inter, initState } = checks;
    server.state.configure('health', { rise, fall, initially: initialHealth(initState, rise, fall) });
    const record = server.state.health;
    record.address = checks.address;
    record.port = checks.port;
    const elsewhere = checks.address !== undefined || checks.port !== undefined;
    const { sendProxy } = server.config;
    const target: Target = {
      server,
      record,
      context: this.#context,
      sendProxy: checks.sendProxy ? (sendProxy ?? 1) : elsewhere ? undefined : sendProxy,
      timeouts: timesOf(settings, inter),
    };
    const runner = this.#add(target, settings.check, checks);
    if (checks.observe !== 'none') {
      observeServer(server, checks, runner);
      this.#observed.add(server);
    }
  }

  async #addAgent(server: Server, checks: ServerChecks): Promise<void> {
    const { agentInter: inter, agentAddress } = checks;
    server.state.configure('agent', { rise: 1, fall: 1 });
    const record = server.state.agent;
    const address = agentAddress === undefined ? checks.address : await resolveEndpoint(agentAddress);
    if (agentAddress !== undefined && address === undefined) {
      throw new Error(
        `'server ${server.backend.name}/${server.name}' : parsing agent-addr failed. Check if '${agentAddress}' is correct address.`,
      );
    }
    record.address = address;
    record.port = checks.agentPort;
    record.send = checks.agentSend;
    const timeouts = timesOf(server.backend.settings, inter);
    const target: Target = { server, record, context: this.#context, sendProxy: undefined, timeouts };
    this.#add(target, undefined, { inter, fastinter: 0, downinter: 0 });
  }

  #add(
    target: Target,
    check: CheckFunction | undefined,
    { inter, fastinter, downinter }: Pick<ServerChecks, 'inter' | 'fastinter' | 'downinter'>,
  ): Runner {
    const agent = target.record.kind === 'agent';
    const probe = agent
      ? new AgentProbe(target)
      : check === undefined
        ? new ConnectProbe(target)
        : new FunctionProbe(target, check);
    const spread = this.#context.global.settings.spreadChecks / 100;
    const runner = new Runner(target, probe, { inter, fastinter, downinter }, spread);
    const { server } = target;
    this.#runners.set(server, [...(this.#runners.get(server) ?? []), runner]);
    return runner;
  }

  /**
   * The first checks come one after another, over the interval of each, or over the smallest of those of a second and more;
   * global `max-spread-checks` cuts it (measured).
   */
  start(): void {
    const { maxSpreadChecks = Infinity } = this.#context.global.settings;
    this.#started = true;
    const runners = [...this.#runners.values()].flat();
    const slow = runners.map(({ interval }) => interval).filter((interval) => interval >= SPREAD_FROM);
    const least = slow.length > 0 ? Math.min(...slow) : 0;
    const count = runners.length;
    for (const [index, runner] of runners.entries()) {
      const over = Math.min(Math.max(least, runner.interval), maxSpreadChecks || Infinity);
      runner.start((over * index) / count);
    }
  }

  stop(): void {
    this.#started = false;
    for (const runner of [...this.#runners.values()].flat()) runner.stop();
    for (const server of this.#observed) server.state.observe(undefined);
  }
}

function timesOf({ timeouts }: ProxySettings, inter: number): Target['timeouts'] {
  const { check, connect } = timeouts;
  if (check === undefined || check === 0) return { connect: inter, read: inter, whole: true };
  return { connect: Math.min(connect || NO_LIMIT, inter), read: check, whole: false };
}

/** configuration.txt 5.2, `init-state`; without it the first check decides. */
function initialHealth(state: InitState, rise: number, fall: number): number {
  if (state === 'fully-up') return rise + fall - 1;
  if (state === 'down') return rise - 1;
  return state === 'fully-down' ? 0 : rise;
}
