import { definePlugin, type Plugin, type PluginContext, type PluginInstance } from 'sluice/plugin';
import { NativeSink, NodeUdpSink } from './datagram-sink.ts';
import { DescriptorSink } from './descriptor-sink.ts';
import { directives } from './directives.ts';
import { makeEmitter } from './emitter.ts';
import type { LogLine } from './log-line.ts';
import { nativeDatagrams } from './native-datagrams.ts';
import { GLOBAL_LINES, GLOBAL_LOGGING, PROXY_LOGGING } from './settings.ts';
import type { Sink } from './sink.ts';
import { LEVELS, WARNING } from './syslog.ts';
import type { Target } from './target.ts';
import { logConnection } from './traffic.ts';

/** Logs of traffic and events; configuration.txt chapter 8. */
const logging: Plugin = definePlugin({ name: 'logging', api: 1, directives, setup });
export default logging;

async function setup(context: PluginContext): Promise<PluginInstance> {
  const native = (await nativeDatagrams()) !== undefined;
  const sinks = new Map<string, Sink>();
  const sinkOf = ({ target }: LogLine): Sink => {
    const key = JSON.stringify(target);
    const sink = sinks.get(key) ?? makeSink(target, native);
    sinks.set(key, sink);
    return sink;
  };
  const connects = prepare(context, sinkOf);
  let started = false;
  const start = (): void => {
    started = true;
  };
  const stop = (): void => {
    if (started) announce(context);
    for (const sink of sinks.values()) sink.close();
  };
  try {
    for (const sink of sinks.values()) await sink.open();
  } catch (error) {
    for (const sink of sinks.values()) sink.close();
    throw error;
  }
  return connects ? { hooks: { accept: logConnection }, start, stop } : { start, stop };
}

function makeSink(target: Target, native: boolean): Sink {
  if (target.kind === 'fd') return new DescriptorSink(target.fd);
  return target.kind === 'udp' && !native ? new NodeUdpSink(target) : new NativeSink(target);
}

/** Gives each proxy that logs what its lines need; says whether some log connections as they come in. */
function prepare({ global, proxies }: PluginContext, sinkOf: (line: LogLine) => Sink): boolean {
  const { targets: everywhere, host, tag } = global.extension(GLOBAL_LOGGING);
  let connects = false;
  for (const proxy of proxies) {
    const state = proxy.kind === 'defaults' ? undefined : proxy.findExtension(PROXY_LOGGING);
    const lines = state?.targets.flatMap((line) => (line === GLOBAL_LINES ? everywhere : [line])) ?? [];
    if (!state || lines.length === 0) continue;
    const { mode, options } = proxy.settings;
    const format = state.format?.[mode];
    const emitter = makeEmitter(lines, state.tag ?? tag, host, sinkOf);
    proxy.onEvent((level, text) => emitter.send(LEVELS.indexOf(level), text, undefined));
    state.traffic = {
      emitter,
      skipNull: options.get('dontlognull') ?? false,
      skipNormal: options.get('dontlog-normal') ?? false,
      separateErrors: options.get('log-separate-errors') ?? false,
      format,
      errorFormat: state.errorFormat,
      structuredData: state.structuredData,
    };
    connects ||= proxy.isFrontend && mode === 'tcp' && !format;
  }
  return connects;
}

/** What HAProxy says of every proxy when it has stopped. */
function announce({ proxies, frontends, backends }: PluginContext): void {
  for (const proxy of proxies) {
    const emitter = proxy.findExtension(PROXY_LOGGING)?.traffic?.emitter;
    if (!emitter) continue;
    const count = (list: readonly { name: string; counters: { total: number } }[]): number =>
      list.find(({ name }) => name === proxy.name)?.counters.total ?? 0;
    const front = proxy.isFrontend ? count(frontends) : 0;
    const back = proxy.isBackend ? count(backends) : 0;
    emitter.send(WARNING, `Proxy ${proxy.name} stopped (cumulated conns: FE: ${front}, BE: ${back}).`, undefined);
  }
}
