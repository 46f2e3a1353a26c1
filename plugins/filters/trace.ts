import type { Filter, FilterFlow, FilterKeyword, FilterSide, FilterStage, Transaction, Words } from 'sluice/plugin';
import { hexDump } from './hex-dump.ts';

interface Options {
  readonly name: string;
  readonly quiet: boolean;
  readonly hexdump: boolean;
  readonly random: boolean;
  /** Bytes that pass at a time; 0: no limit. */
  readonly most: number;
}

const STAGES: readonly FilterStage[] = [
  'frontend-tcp-request',
  'frontend-http-request',
  'backend-tcp-request',
  'backend-http-request',
  'server',
  'tcp-response',
  'http-response',
];

/** Says what happens to one stream, in the shape of HAProxy's lines. */
class Tracer {
  readonly #options: Options;
  readonly #prefix: string;

  constructor(options: Options, transaction: Transaction, proxy: string) {
    this.#options = options;
    this.#prefix = `[${`${options.name}/${proxy}`.padEnd(20)}] [strm ${transaction.id}] `;
  }

  say(what: string, details = ''): void {
    if (this.#options.quiet) return;
    const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    const time = `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
    process.stderr.write(
      `${time} ${this.#prefix}${`trace_${what}`.padEnd(25)}${details === '' ? '' : `: ${details}`}\n`,
    );
  }

  /** A start line, and the fields under it. */
  head(details: string, startLine: string, fields: readonly string[]): void {
    if (this.#options.quiet) return;
    this.say('http_headers', `${details}\t${startLine}`);
    for (const field of fields) process.stderr.write(`${' '.repeat(18)}${this.#prefix}\t${field}\n`);
  }

  dump(bytes: Buffer): void {
    if (this.#options.quiet || !this.#options.hexdump) return;
    process.stderr.write(hexDump(bytes));
  }
}

function attach(options: Options, transaction: Transaction, side: 'frontend' | 'backend'): Filter {
  const proxy = (side === 'frontend' ? transaction.frontend : transaction.backend)!;
  const tracer = new Tracer(options, transaction, proxy.name);
  tracer.say('attach', `filter-type=${side}`);
  const mode = proxy.settings.mode.toUpperCase().padEnd(5);
  const channel = (direction: string): string => {
    const end = transaction.backend === undefined ? 'frontend' : 'backend';
    return `channel=${direction.toUpperCase().padEnd(10)} - mode=${mode} (${end})`;
  };
  const analyze = (stage: FilterStage) => () => {
    const direction = /response|server/.test(stage) ? 'response' : 'request';
    tracer.say('chn_analyze', `${channel(direction)} - stage=${stage}`);
  };
  return {
    stages: {
      stream: () => tracer.say('stream_start'),
      backend: () => tracer.say('stream_set_backend', `backend=${transaction.backend!.name}`),
      ...Object.fromEntries(STAGES.map((stage) => [stage, analyze(stage)])),
    },
    request: traceSide(options, tracer, channel),
    response: traceSide(options, tracer, channel),
    detach(cause) {
      tracer.say('stream_stop', `cause=${cause}`);
      tracer.say('detach', `filter-type=${side}`);
    },
  };
}

function traceSide(options: Options, tracer: Tracer, channel: (direction: string) => string): FilterSide {
  let offset = 0;
  const pass = (what: string) => (chunk: Buffer, flow: FilterFlow) => {
    const forward = portion(options, chunk.length);
    const say = (bytes: Buffer, size: number): void => {
      tracer.say(what, `${channel(flow.direction)} - offset=${offset} - len=${bytes.length} - forward=${size}`);
      tracer.dump(bytes.subarray(0, size));
      offset += size;
    };
    say(chunk, forward);
    return forward === chunk.length ? chunk : inPortions(options, chunk, forward, flow, say);
  };
  return {
    borrows: true,
    head(flow) {
      const { request, response } = flow.transaction;
      const message = flow.direction === 'request' ? request! : response!;
      const line =
        flow.direction === 'request'
          ? `${request!.method} ${request!.uri} HTTP/${request!.version}`
          : `HTTP/${response!.version} ${response!.status} ${response!.reason}`;
      const { headers } = message;
      const fields = Array.from({ length: headers.size }, (_, i) => `${headers.nameAt(i)}: ${headers.valueAt(i)}`);
      tracer.head(channel(flow.direction), line, fields);
    },
    data: pass('http_payload'),
    end: (flow) => tracer.say('http_end', channel(flow.direction)),
    raw: pass('tcp_payload'),
    rawEnd: (flow) => tracer.say('chn_end_analyze', channel(flow.direction)),
  };
}

/** How much of that many bytes passes now. */
function portion({ random, most }: Options, size: number): number {
  const limit = most === 0 ? size : Math.min(most, size);
  return random ? 1 + Math.floor(Math.random() * limit) : limit;
}

/** Passes the rest in as many portions as it takes, each at another turn of the event loop. */
async function inPortions(
  options: Options,
  chunk: Buffer,
  first: number,
  flow: FilterFlow,
  say: (bytes: Buffer, size: number) => void,
): Promise<void> {
  let size = first;
  for (let at = 0; ;) {
    flow.write(chunk.subarray(at, at + size));
    at += size;
    if (at === chunk.length) return;
    await new Promise((resolve) => setImmediate(resolve));
    if (!flow.writable && !(await flow.ready())) return;
    size = portion(options, chunk.length - at);
    say(chunk.subarray(at), size);
  }
}

const KEYWORDS = ['name', 'quiet', 'random-forwarding', 'max-fwd', 'hexdump'];

function readOptions(words: Words): Options {
  let name = 'TRACE';
  let most = 0;
  const flags = new Set<string>();
  while (words.remaining > 0) {
    const word = words.next('a keyword');
    if (word === 'name') name = words.next('a name');
    else if (word === 'max-fwd') most = words.integer('a number of bytes', { min: 0 });
    else if (KEYWORDS.includes(word)) flags.add(word);
    else words.unknown('keyword', KEYWORDS);
  }
  return {
    name,
    most,
    quiet: flags.has('quiet'),
    hexdump: flags.has('hexdump'),
    random: flags.has('random-forwarding'),
  };
}

/** configuration.txt 9.1. */
export const trace: FilterKeyword = {
  usage: 'filter trace [name <name>] [quiet] [random-forwarding] [max-fwd <bytes>] [hexdump]',
  summary: 'Says on stderr what happens to streams.',
  parse(words) {
    const options = readOptions(words);
    return { attach: (transaction, side) => attach(options, transaction, side) };
  },
};
