import type { ConnectionOptions } from 'node:tls';
import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { suspend, taskOf, type Task } from '../task.ts';
import { readDestination } from '../transport/destination.ts';
import { Reading, type ReadPattern } from '../transport/reading.ts';
import { socketsOf } from '../transport/sockets.ts';
import { StreamSocket } from '../transport/stream-socket.ts';
import type { World } from '../world.ts';
import { Abandoned } from './abandoned.ts';
import { self } from './self.ts';

/** What a script holds; when it holds it no more, the connection is closed. Nothing that lives longer refers to it. */
class SocketHandle {
  readonly stream: StreamSocket;

  constructor(stream: StreamSocket) {
    this.stream = stream;
  }
}

export const SOCKET: ClassKey<SocketHandle> = classKey('Socket');

/** Milliseconds: what an int holds. */
const MAX_TIMEOUT = 2 ** 31 - 1;
/** As HAProxy's `connect_ssl`: whoever answers is believed. */
const UNVERIFIED: ConnectionOptions = { rejectUnauthorized: false };

/** `core.tcp`; lua-api.rst, "Socket class". The answers and errors are those of the program, which are not always the manual's. */
export function socket(world: World): void {
  let abandoned: Abandoned | undefined;
  // Code that never ends may lose sockets, too: those close when JavaScript's collector comes by.
  const collected = new FinalizationRegistry<StreamSocket>((stream) => stream.close());
  const connect =
    (name: string, tls: ConnectionOptions | undefined): HostFunction =>
    (call) => {
      if (tls === undefined ? call.count < 2 : call.count !== 3)
        call.fail(tls === undefined ? `${name}: need at least 2 arguments` : `'${name}' needs 3 arguments`);
      const { stream } = self(call, type);
      const text = call.string(2);
      const port = call.count > 2 ? call.int(3) : undefined;
      if (stream.state === 'ended') {
        call.pushNil();
        return 1;
      }
      const address = port === undefined ? text : `${text}:`;
      const target = readDestination(address, port);
      if (target === undefined) return call.fail(`connect: cannot parse destination address '${address}'`);
      if (target === 'no port') return call.fail('connect: port missing');
      const task = waiter(call);
      // In core.register_init nothing can wait, and nothing is answered.
      if (task === undefined) return 0;
      if (stream.state === 'fresh') stream.connect(target, tls);
      const finish = (late: LuaCall): number => {
        switch (stream.state) {
          case 'connected':
            late.pushInteger(1);
            return 1;
          case 'ended':
            late.pushNil();
            late.pushString("Can't connect");
            return 2;
          default:
            return waitFor(stream, task, late, finish);
        }
      };
      return finish(call);
    };
  const name = (which: 'local' | 'peer', method: string): HostFunction => {
    return (call) => {
      if (call.count !== 1) call.fail(`'${method}' needs 1 arguments`);
      const text = self(call, type).stream[which];
      call.push(text === '' ? undefined : text);
      return 1;
    };
  };
  const type = world.define(SOCKET, {
    methods: {
      connect: connect('connect', undefined),
      connect_ssl: connect('connect_ssl', UNVERIFIED),
      getpeername: name('peer', 'getpeername'),
      getsockname: name('local', 'getsockname'),
      close(call) {
        if (call.count !== 1) call.fail("'close' needs 1 arguments");
        self(call, type).stream.close();
        return 0;
      },
      setoption: () => 0,
      settimeout(call) {
        if (call.count !== 2) call.fail("'settimeout' needs 2 arguments");
        const { stream } = self(call, type);
        const milliseconds = call.number(2) * 1000;
        if (milliseconds < 0) call.fail('settimeout: cannot set negatives values');
        if (milliseconds > MAX_TIMEOUT) call.fail(`settimeout: cannot set values larger than ${MAX_TIMEOUT} ms`);
        if (stream.state === 'ended') call.fail("socket: not yet initialised, you can't set timeouts.");
        stream.setTimeout(Math.max(1, Math.round(milliseconds) || 0));
        call.pushInteger(1);
        return 1;
      },
      receive(call) {
        if (call.count < 1 || call.count > 3) call.fail("The 'receive' function requires between 1 and 3 arguments.");
        const { stream } = self(call, type);
        const asked = readPattern(call);
        const prefix = readPrefix(call);
        // The prefix counts; one that is longer than what is wanted leaves whatever comes.
        const left = typeof asked === 'number' ? asked - prefix.length : 0;
        const pattern = typeof asked !== 'number' ? asked : left < 0 ? 'some' : left;
        const task = waiter(call, 'receive');
        if (stream.state === 'fresh') stream.close();
        const reading = new Reading(stream, pattern);
        const finish = (late: LuaCall): number => {
          const result = reading.step();
          if (result === undefined) return waitFor(stream, task!, late, finish);
          const text = prefix + (typeof result === 'string' ? result : result.closed);
          if (typeof result === 'string' || text !== '') {
            late.pushString(text);
            return 1;
          }
          late.pushNil();
          late.pushString('connection closed.');
          return 2;
        };
        return finish(call);
      },
      send(call) {
        if (call.count < 2 || call.count > 4) call.fail("'send' needs between 2 and 4 arguments");
        const { stream } = self(call, type);
        const text = readRange(call);
        const task = waiter(call, 'write');
        if (stream.state === 'ended') {
          call.pushInteger(-1);
          return 1;
        }
        stream.write(text);
        const finish = (late: LuaCall): number => {
          if (stream.congested) return waitFor(stream, task!, late, finish);
          late.pushInteger(stream.state === 'ended' ? -1 : text.length);
          return 1;
        };
        return finish(call);
      },
    },
  });

  /** The task that may wait; undefined in core.register_init, where `what` is an error. */
  function waiter(call: LuaCall, what?: string): Task | undefined {
    const task = taskOf(call);
    if (task !== undefined && task.role.waiting !== 'ignored') return task;
    if (what === undefined) return undefined;
    return call.fail(`The '${what}' function is only allowed in 'frontend', 'backend' or 'task'`);
  }

  world.functions('core', {
    tcp(call) {
      if (world.host.context === undefined) call.fail('socket: uninitialized pools.');
      const stream = new StreamSocket(socketsOf(world.host));
      const handle = new SocketHandle(stream);
      collected.register(handle, stream);
      call.pushObject(type, handle);
      abandoned ??= new Abandoned(world);
      abandoned.add(call, stream);
      return 1;
    },
  });
}

/** Suspends the code until something happens to the socket. */
export function waitFor(stream: StreamSocket, task: Task, call: LuaCall, finish: HostFunction): number {
  const { life } = task;
  stream.onChange(() => {
    if (task.life === life) task.wake();
  });
  return suspend(call, finish);
}

/** A number is that many bytes, a pattern must be known; whatever else stands there is no pattern, which is a line. */
function readPattern(call: LuaCall): ReadPattern {
  const kind = call.kind(2);
  if (kind !== 'number' && kind !== 'string') return 'line';
  const text = call.string(2);
  if (kind === 'string') {
    if (text === '*l') return 'line';
    if (text === '*a') return 'all';
    if (text.trim() === '' || Number.isNaN(Number(text))) return call.fail('Unsupported pattern.');
  }
  const number = Number(text);
  const count = Number.isInteger(number) ? number : 0;
  if (count < 0) call.fail('Unsupported size.');
  return count;
}

function readPrefix(call: LuaCall): string {
  if (call.count < 3) return '';
  const kind = call.kind(3);
  if (kind !== 'string' && kind !== 'number') call.fail("Expect a 'string' for the prefix");
  return call.string(3);
}

/** The part of the text that `string.sub` would give for the last two arguments. */
function readRange(call: LuaCall): string {
  const text = call.string(2);
  let first = call.optionalInt(3, 1);
  let last = call.optionalInt(4, -1);
  if (first < 0) first = Math.max(text.length + first + 1, 1);
  if (last < 0) last += text.length + 1;
  return text.slice(Math.max(first, 1) - 1, Math.max(last, 0));
}
