import { type Clock, definePlugin, type Plugin, type PluginContext, type PluginInstance } from 'sluice/plugin';
import { NativeSink, NodeUdpSink } from './datagram-sink.ts';
import { DescriptorSink } from './descriptor-sink.ts';
import { directives } from './directives.ts';
import { doLog } from './do-log.ts';
import { makeEmitter } from './emitter.ts';
import { header } from './headers.ts';
import type { LogLine } from './log-line.ts';
import { logProfile } from './profile.ts';
import { ring, RING_SIZE } from './ring-section.ts';
import { Ring } from './ring.ts';
import { nativeDatagrams } from './native-datagrams.ts';
import { GLOBAL_LINES, GLOBAL_LOGGING, PROXY_LOGGING } from './settings.ts';
import type { Sink } from './sink.ts';
import { LEVELS, NOTICE } from './syslog.ts';
import { logConnection } from './traffic.ts';

/** Logs of traffic and events; configuration.txt chapter 8. */
const logging: Plugin = definePlugin({
  name: 'logging',
  api: 1,
  directives,
  sections: { ring, 'log-profile': logProfile },
  actions: { 'do-log': doLog },
  setup,
});
export default logging;

/** Whoever runs the proxy wants the lines for itself. */
const NOWHERE: Sink = { open: async () => undefined, write: () => undefined, close: () => undefined, dropped: 0 };

async function setup(context: PluginContext): Promise<PluginInstance> {
  const native = (await nativeDatagrams()) !== undefined;
  const sinks = new Map<string, Sink>();
  const { host, tag } = context.global.extension(GLOBAL_LOGGING);
  const sinkOf = (line: LogLine): Sink => {
    const key = JSON.stringify(line.target);
    const sink =
      sinks.get(key) ?? (context.logTap.send ? makeSink(line, native, { host, tag }, context.clock) : NOWHERE);
    sinks.set(key, sink);
    return sink;
  };
  const connects = prepare(context, sinkOf);
  const stop = async (): Promise<void> => {
    await Promise.all([...sinks.values()].map(async (sink) => sink.close()));
  };
  try {
    for (const sink of sinks.values()) await sink.open();
  } catch (error) {
    await stop();
    throw error;
  }
  return connects ? { hooks: { accept: logConnection }, stop } : { stop };
}

interface Origin {
  readonly host: string | undefined;
  readonly tag: string;
}

function makeSink(line: LogLine, native: boolean, origin: Origin, clock: Clock): Sink {
  const { target } = line;
  switch (target.kind) {
    case 'fd':
      return new DescriptorSink(target.fd);
    case 'udp':
      return native ? new NativeSink(target) : new NodeUdpSink(target);
    case 'unix':
      return new NativeSink(target);
    default:
      return makeRing(line, origin, clock);
  }
}

/** A `ring` section's, or the one in front of a server of streams. */
function makeRing(line: LogLine, origin: Origin, clock: Clock): Ring {
  const { target } = line;
  const section = line.ring ?? {
    name: 'stream',
    size: RING_SIZE,
    connectTimeout: 1000,
    serverTimeout: 5000,
    format: line.format ?? (origin.host === undefined ? 'local' : 'rfc3164'),
    servers: target.kind === 'stream' ? [{ name: 'stream', to: target.to, framing: 'newline' } as const] : [],
  };
  const head = header(section.format, line.facility, { ...origin, pid: process.pid });
  const announce = (count: number): string =>
    `${head(NOTICE, clock.wall(), undefined)}${count} event${count === 1 ? '' : 's'} dropped`;
  return new Ring({ ...section, announce });
}

/** Gives each proxy that logs what its lines need; says whether some log connections as they come in. */
function prepare({ global, proxies, clock, logTap: tap }: PluginContext, sinkOf: (line: LogLine) => Sink): boolean {
  const { targets: everywhere, others, host, tag: ownTag } = global.extension(GLOBAL_LOGGING);
  for (const own of others) {
    const lines = own.targets.flatMap((line) => (line === GLOBAL_LINES ? everywhere : [line]));
    if (lines.length > 0) own.emitter = makeEmitter(lines, ownTag, host, sinkOf, clock);
  }
  let connects = false;
  for (const proxy of proxies) {
    const state = proxy.kind === 'defaults' ? undefined : proxy.findExtension(PROXY_LOGGING);
    const lines = state?.targets.flatMap((line) => (line === GLOBAL_LINES ? everywhere : [line])) ?? [];
    if (!state || lines.length === 0) continue;
    const { mode, options } = proxy.settings;
    const format = mode === 'spop' ? undefined : state.format?.[mode];
    const emitter = makeEmitter(lines, state.tag ?? ownTag, host, sinkOf, clock, { proxy: proxy.name, tap });
    proxy.onEvent((level, text) => emitter.send(LEVELS.indexOf(level), text));
    state.traffic = {
      emitter,
      skipNull: options.get('dontlognull') ?? false,
      skipNormal: options.get('dontlog-normal') ?? false,
      separateErrors: options.get('log-separate-errors') ?? false,
      format,
      errorFormat: state.errorFormat,
      errorPrefix: state.errorPrefix,
      early: options.get('logasap') ?? false,
      structuredData: state.structuredData,
    };
    connects ||= proxy.isFrontend && mode === 'tcp' && !format;
  }
  return connects;
}
