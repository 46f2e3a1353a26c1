import { createReadStream } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { readAddress, writeAddress, type Place } from '../shared/address.ts';
import { UsageError } from '../shared/command.ts';
import { CodecError, formatFrame, FrameSplitter } from '../sdk/index.ts';

const USAGE = `Usage: sluice spop-dump [--hex] [FILE]
       sluice spop-dump --listen ADDRESS --connect ADDRESS
Prints the frames of SPOP: those in FILE or on stdin, the bytes of one direction of a connection as they are or as hexadecimal
digits; or those that pass, standing between a proxy (which connects to --listen) and an agent (--connect).
An address is [host:]port or the path of a UNIX socket.
`;

/** Larger frames are no frames: SPOP's are below the buffer of a proxy. */
const LARGEST = 1 << 24;

/** `sluice spop-dump`. Answers the exit code. */
export async function spopDump(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = options(args);
    if (values.help) process.stdout.write(USAGE);
    else if (values.listen !== undefined || values.connect !== undefined) {
      if (values.listen === undefined || values.connect === undefined || positionals.length > 0 || values.hex)
        throw new UsageError('--listen and --connect stand together, with nothing else');
      await tap(readAddress(values.listen, '--listen'), readAddress(values.connect, '--connect'));
    } else {
      if (positionals.length > 1) throw new UsageError('there is one FILE at most');
      const [file] = positionals;
      return printAll(
        await readAll(file === undefined || file === '-' ? process.stdin : createReadStream(file)),
        values.hex,
      );
    }
    return 0;
  } catch (error) {
    const wrong = error instanceof UsageError;
    console.error(wrong ? `${error.message}\n\n${USAGE}` : `spop-dump: ${(error as Error).message}`);
    return wrong ? 2 : 1;
  }
}

function options(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        hex: { type: 'boolean', default: false },
        listen: { type: 'string' },
        connect: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** 0 if all of it were frames. */
function printAll(bytes: Buffer, hex: boolean): number {
  const frames = printer('');
  // A frame of so many bytes as four digits would announce is none.
  const digits = hex || /^[\s0-9a-fA-F]+$/.test(bytes.toString('latin1'));
  try {
    frames.push(digits ? Buffer.from(bytes.toString('latin1').replaceAll(/\s+/g, ''), 'hex') : bytes);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    console.error(`not SPOP: ${error.message}`);
    return 1;
  }
  if (!frames.partial) return 0;
  console.error('the last frame is not complete');
  return 1;
}

function printer(prefix: string): FrameSplitter {
  return new FrameSplitter(LARGEST, (buffer, start, end) => {
    process.stdout.write(`${prefix}${formatFrame(buffer.subarray(start, end))}\n`);
  });
}

/** Passes everything on, both ways, and prints it, until a signal. */
async function tap(listen: Place, to: Place): Promise<void> {
  const began = performance.now();
  const open = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer({ allowHalfOpen: true }, (proxy) => {
    const id = ++connections;
    const agent = connect({ ...to, allowHalfOpen: true });
    const say = (text: string): void =>
      void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(3)} #${id} ${text}\n`);
    say('opened');
    join(proxy, agent, 'proxy', say);
    join(agent, proxy, 'agent', say);
    for (const socket of [proxy, agent]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, resolve);
  });
  const address = server.address();
  const at = typeof address === 'string' ? { path: address } : { port: address!.port, host: address!.address };
  console.error(`spop-dump listens on ${writeAddress(at)}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  server.close();
  for (const socket of open) socket.destroy();
}

/** From one socket to the other, with what is said of it. What is no SPOP is passed on all the same. */
function join(from: Socket, to: Socket, name: string, say: (text: string) => void): void {
  let readable = true;
  const splitter = new FrameSplitter(LARGEST, (buffer, start, end) => {
    say(`${name} ${formatFrame(buffer.subarray(start, end))}`);
  });
  from.on('data', (chunk) => {
    if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    if (!readable) return;
    try {
      splitter.push(chunk);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      readable = false;
      say(`${name} sends what is not SPOP: ${error.message}`);
    }
  });
  from.on('end', () => {
    say(`${name} closed`);
    to.end();
  });
  from.on('error', (error) => {
    say(`${name} failed: ${error.message}`);
    to.destroy();
  });
}
