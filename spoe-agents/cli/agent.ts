import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readAddress, writeAddress } from '../shared/address.ts';
import { number, text, texts, UsageError, type AgentCommand, type Options, type Values } from '../shared/command.ts';
import { MissingPackage } from '../shared/optional-package.ts';
import { DEFAULT_FRAME_SIZE, MIN_FRAME_SIZE, type AgentLogger } from '../sdk/index.ts';

const AGENTS: Readonly<Record<string, () => Promise<AgentCommand>>> = {
  auth: async () => (await import('../auth/command.ts')).command,
  geoip: async () => (await import('../geoip/command.ts')).command,
  'ip-reputation': async () => (await import('../ip-reputation/command.ts')).command,
  mirror: async () => (await import('../mirror/command.ts')).command,
  'rate-limit': async () => (await import('../rate-limit/command.ts')).command,
};

/** What every agent understands. */
const COMMON: Options = {
  listen: { type: 'string', multiple: true },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-ca': { type: 'string' },
  'max-frame-size': { type: 'string' },
  drain: { type: 'string' },
  help: { type: 'boolean' },
};
const COMMON_USAGE = `  --listen ADDRESS      [host:]port, or the path of a UNIX socket; may be repeated (needed)
  --tls-cert FILE       with --tls-key: listens with TLS; PEM
  --tls-key FILE
  --tls-ca FILE         asks the proxy for a certificate of this authority; PEM
  --max-frame-size N    the largest frame it takes, in bytes (65536)
  --drain MS            how long it waits for what is running when it is stopped (5000)
`;

/** `sluice agent NAME [options]`: runs an agent until it is told to stop. Answers the exit code. */
export async function runAgent(args: readonly string[]): Promise<number> {
  const [name, ...words] = args;
  const find = name === undefined ? undefined : Object.hasOwn(AGENTS, name) ? AGENTS[name] : undefined;
  if (!find) {
    const help = name === undefined || name === '--help' || name === '-h';
    if (!help) console.error(`There is no agent '${name}'.`);
    console.error(
      `Usage: sluice agent NAME [options], NAME being ${Object.keys(AGENTS).join(', ')}; NAME --help tells more.`,
    );
    return help && name !== undefined ? 0 : 2;
  }
  const command = await find();
  const usage = `Usage: sluice agent ${name} [options]\n${command.summary}\n\n${command.usage}${COMMON_USAGE}`;
  try {
    const values = parse(words, { ...command.options, ...COMMON });
    if (values['help']) {
      process.stdout.write(usage);
      return 0;
    }
    return await serve(name!, command, values);
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof MissingPackage) console.error(error.message);
    else console.error(`agent ${name}: ${(error as Error).message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function parse(words: readonly string[], options: Options): Values {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function serve(name: string, command: AgentCommand, values: Values): Promise<number> {
  const places = texts(values, 'listen').map((written) => readAddress(written, '--listen'));
  if (places.length === 0) throw new UsageError('--listen is needed');
  const size = { least: MIN_FRAME_SIZE, most: 0x7fff_ffff, otherwise: 4 * (DEFAULT_FRAME_SIZE + 4) };
  const maxFrameSize = number(values, 'max-frame-size', size);
  const drainMs = number(values, 'drain', { least: 0, most: 0x7fff_ffff, otherwise: 5000 });
  const tls = readTls(values);
  const running = await command.start(values, { logger: LOGGER, maxFrameSize });
  try {
    for (const place of places) {
      const address = await running.agent.listen({ ...place, tls });
      LOGGER.info({ address: writeAddress(address) }, `agent ${name} listens`);
    }
    await untilTold(() => void running.reload?.());
  } finally {
    await running.agent.close({ drainMs });
    await running.close?.();
  }
  return 0;
}

function readTls(values: Values): { cert: Buffer; key: Buffer; ca?: Buffer; requestCert: boolean } | undefined {
  const [cert, key, ca] = ['tls-cert', 'tls-key', 'tls-ca'].map((option) => text(values, option));
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError('--tls-cert and --tls-key belong together');
  const own = { cert: readFileSync(cert), key: readFileSync(key) };
  return ca === undefined ? { ...own, requestCert: false } : { ...own, ca: readFileSync(ca), requestCert: true };
}

/** Until SIGTERM or SIGINT. */
function untilTold(reload: () => void): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGHUP', reload);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

/** Lines on stderr, as service managers want them. */
const LOGGER: AgentLogger = {
  info: (details, message) => log('info', details, message),
  warn: (details, message) => log('warning', details, message),
  error: (details, message) => log('error', details, message),
};

function log(level: string, details: object, message: string): void {
  const plain = Object.entries(details).map(([key, value]) => [key, value instanceof Error ? value.message : value]);
  console.error(JSON.stringify({ level, message, ...Object.fromEntries(plain) }));
}
