import type {
  Eventually,
  Filter,
  FilterAnswer,
  FilterFlow,
  FilterSide,
  FilterStage,
  Place,
  Transaction,
  Verdict,
} from 'sluice/plugin';
import type { LuaCall, LuaRef } from '../engine/engine.ts';
import { functionAt } from '../library/registration.ts';
import { makeRole, type Role } from '../role.ts';
import type { World } from '../world.ts';
import { CHANNEL, type LuaChannel } from './channel.ts';
import { HTTP_MESSAGE, type LuaMessage } from './http-message.ts';
import { PayloadWindow } from './payload-window.ts';
import { objectAt } from './self.ts';
import { Txn, TXN } from './txn.ts';

/** What a callback of a filter may answer; lua-api.rst, "Filter class". */
const ERROR = -1;
const WAIT = 0;
const CONTINUE = 1;

/** A filter that a script has registered. */
export interface RegisteredFilter {
  readonly world: World;
  readonly name: string;
  /** Its class, and the function that makes one for a line of the configuration. */
  readonly class: LuaRef;
  readonly create: LuaRef;
}

/** What callbacks are called with, and by. `made` gives the object, and which callbacks it has. */
const HELPERS = `
local names = { "start_analyze", "end_analyze", "http_headers", "http_payload", "http_end", "tcp_payload" }
return function(class)
  if type(class.new) ~= "function" then return nil end
  return setmetatable({}, { __index = class })
end, function(filter)
  local object = filter:new()
  if type(object) ~= "table" then return nil end
  local has = 0
  for index, name in ipairs(names) do
    if object[name] ~= nil then has = has | 1 << (index - 1) end
  end
  return object, has
end, function(object, name, ...)
  return object[name](object, ...)
end`;

export type Callback = 'start_analyze' | 'end_analyze' | 'http_headers' | 'http_payload' | 'http_end' | 'tcp_payload';
const CALLBACKS: readonly Callback[] = [
  'start_analyze',
  'end_analyze',
  'http_headers',
  'http_payload',
  'http_end',
  'tcp_payload',
];

interface Helpers {
  readonly instance: LuaRef;
  readonly make: LuaRef;
  readonly invoke: LuaRef;
}
const prepared = new WeakMap<World, Helpers>();

function helpersOf(world: World): Helpers {
  let helpers = prepared.get(world);
  if (helpers === undefined) {
    const body = world.state.load(Buffer.from(HELPERS, 'latin1'), '[filter]');
    const [instance, make, invoke] = world.state.run(body, []) as [LuaRef, LuaRef, LuaRef];
    world.state.release(body);
    prepared.set(world, (helpers = { instance, make, invoke }));
  }
  return helpers;
}

/** Filters whose callback runs, the innermost last: whom `filter.wake_time` is for. */
const running: LuaFilter[] = [];

/** What a line of the configuration has: the object that `core.register_filter`'s function gave, if any. */
export class FilterLineObject {
  readonly registered: RegisteredFilter;
  readonly #object: LuaRef | undefined;
  readonly role: Role;

  /** Throws LuaError. */
  constructor(registered: RegisteredFilter, args: readonly string[]) {
    const { world } = registered;
    const { instance } = helpersOf(world);
    this.registered = registered;
    this.role = makeRole('filter', registered.name, world.host.settings);
    const [filter] = world.state.run(instance, [registered.class]);
    if (filter === undefined) return;
    const { main } = world.state;
    main.newTable();
    args.forEach((text, index) => {
      main.pushString(text);
      main.setIndex(-2, index + 1);
    });
    const table = main.ref(-1);
    main.pop();
    const [object] = world.state.run(registered.create, [filter, table]);
    world.state.release(table);
    if (isTable(object)) this.#object = object;
  }

  /** The filter for a stream; undefined when the script wants none. */
  attach(transaction: Transaction, side: 'frontend' | 'backend'): Filter | undefined {
    const { world } = this.registered;
    if (this.#object === undefined) return undefined;
    const task = world.take();
    const stack = task.start(helpersOf(world).make, this.role, transaction);
    stack.pushRef(this.#object);
    task.run();
    const made = !task.failed && stack.count >= 2 && stack.kind(-2) === 'table' ? stack.ref(-2) : undefined;
    const has = made === undefined ? 0 : stack.int(-1);
    task.release();
    if (made === undefined) return undefined;
    const callbacks = new Set(CALLBACKS.filter((_name, index) => (has & (1 << index)) !== 0));
    return new LuaFilter(this, made, callbacks, transaction, side).filter;
  }
}

function isTable(value: unknown): value is LuaRef {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'table';
}

/** One direction of a stream that passes a filter. */
class Direction implements LuaChannel {
  readonly response: boolean;
  readonly http: boolean;
  readonly capacity: number;
  readonly payload: PayloadWindow = new PayloadWindow();
  readonly filter: LuaFilter;
  /** `filter.register_data_filter`. */
  registered = false;
  started = false;
  /** The callback has seen the end of the message. */
  sawEnd = false;
  txn: LuaRef | undefined;
  channel: LuaRef | undefined;

  constructor(filter: LuaFilter, response: boolean, http: boolean, capacity: number) {
    this.filter = filter;
    this.response = response;
    this.http = http;
    this.capacity = capacity;
  }

  window(): PayloadWindow {
    return this.payload;
  }
}

const PLACES: Readonly<Record<'http' | 'tcp', readonly [request: readonly Place[], response: readonly Place[]]>> = {
  http: [['fe-http-request'], ['be-http-response']],
  tcp: [['fe-tcp-content'], ['be-tcp-response']],
};

/** One filter of one stream: calls the script's object. Nothing in it can wait but by answering `filter.WAIT`. */
class LuaFilter {
  readonly #line: FilterLineObject;
  readonly #world: World;
  readonly #object: LuaRef;
  readonly #has: ReadonlySet<Callback>;
  readonly #transaction: Transaction;
  readonly request: Direction;
  readonly response: Direction;
  /** Milliseconds, as the callback that runs has said. */
  wakeTime: number | undefined;

  constructor(
    line: FilterLineObject,
    object: LuaRef,
    has: ReadonlySet<Callback>,
    transaction: Transaction,
    side: 'frontend' | 'backend',
  ) {
    this.#line = line;
    this.#world = line.registered.world;
    this.#object = object;
    this.#has = has;
    this.#transaction = transaction;
    const { bufsize } = this.#world.host.global.settings;
    const http = transaction.frontend.settings.mode === 'http';
    this.request = new Direction(this, false, http, bufsize);
    this.response = new Direction(this, true, http, bufsize);
    this.filter = this.#build(side, http);
  }

  readonly filter: Filter;

  #build(side: 'frontend' | 'backend', http: boolean): Filter {
    const stages: { [Stage in FilterStage]?: (transaction: Transaction) => Eventually<Verdict> } = {
      [side === 'frontend' ? 'stream' : 'backend']: () => this.#begin(this.request),
      [http ? 'http-response' : 'server']: () => this.#begin(this.response),
    };
    return {
      stages,
      request: http ? this.#httpSide(this.request) : this.#tcpSide(this.request),
      response: http ? this.#httpSide(this.response) : this.#tcpSide(this.response),
      detach: () => this.#detach(),
    };
  }

  #begin(direction: Direction): Eventually<Verdict> {
    direction.started = true;
    if (!this.#has.has('start_analyze')) return undefined;
    return this.#code(direction, () => this.#call('start_analyze', direction, undefined));
  }

  /** What is answered until it is something else than `filter.WAIT`, and what that means. */
  #code(direction: Direction, call: () => number | undefined): Eventually<Verdict> {
    const code = call();
    if (code === ERROR) return this.#refuse(direction);
    return code === WAIT ? this.#again(direction, call) : undefined;
  }

  async #again(direction: Direction, call: () => number | undefined): Promise<Verdict> {
    // Without a time HAProxy waits until something happens; a few milliseconds is soon enough for what may have.
    while (await this.#transaction.sleep(this.wakeTime ?? 5)) {
      const code = call();
      if (code === ERROR) return this.#refuse(direction);
      if (code !== WAIT) return undefined;
    }
    return undefined;
  }

  #refuse(direction: Direction): Verdict {
    // Of a response HAProxy gives no error page: it closes.
    return this.#transaction.request === undefined || direction.response ? 'abort' : this.#transaction.error(400);
  }

  #httpSide(direction: Direction): FilterSide {
    const has = this.#has;
    const withBody = has.has('http_payload') || has.has('http_end');
    return {
      borrows: true,
      head: (flow) => {
        if (!direction.started) direction.started = true;
        if (!has.has('http_headers')) return undefined;
        direction.payload.ended = flow.ended;
        direction.payload.open = !flow.ended;
        const message = new Message(flow, direction, true);
        return this.#code(direction, () => this.#call('http_headers', direction, message));
      },
      ...(withBody
        ? {
            data: (chunk: Buffer, flow: FilterFlow): FilterAnswer => {
              if (!direction.registered || !has.has('http_payload')) return chunk;
              return this.#payload('http_payload', direction, chunk, flow.ended, new Message(flow, direction, false));
            },
            end: (flow: FilterFlow): Eventually<FilterAnswer> => this.#end(direction, flow),
          }
        : {}),
    };
  }

  #end(direction: Direction, flow: FilterFlow): Eventually<FilterAnswer> {
    if (!direction.registered) return undefined;
    const message = new Message(flow, direction, false);
    if (this.#has.has('http_payload')) {
      const verdict = this.#rest('http_payload', direction, message);
      if (verdict !== undefined) return verdict;
    }
    if (this.#has.has('http_end')) {
      const verdict = this.#code(direction, () => this.#call('http_end', direction, message));
      if (verdict instanceof Promise) return verdict.then((late) => late ?? direction.payload.take());
      if (verdict !== undefined) return verdict;
    }
    return direction.payload.take();
  }

  #tcpSide(direction: Direction): FilterSide {
    if (!this.#has.has('tcp_payload')) return {};
    return {
      borrows: true,
      raw: (chunk) => {
        if (!direction.registered) return chunk;
        return this.#payload('tcp_payload', direction, chunk, false, undefined);
      },
      rawEnd: () => {
        if (!direction.registered || direction.payload.input === '') return undefined;
        return this.#rest('tcp_payload', direction, undefined) ?? direction.payload.take();
      },
    };
  }

  /** Shows a piece, together with what was left of those before; gives what is to be passed on. */
  #payload(
    callback: 'http_payload' | 'tcp_payload',
    direction: Direction,
    chunk: Buffer | undefined,
    ended: boolean,
    message: Message | undefined,
  ): FilterAnswer {
    const { payload } = direction;
    if (chunk !== undefined) payload.input += chunk.latin1Slice();
    payload.ended = ended;
    payload.open = !ended;
    if (ended) direction.sawEnd = true;
    const answer = this.#call(callback, direction, message);
    if (answer === ERROR) return this.#refuse(direction);
    payload.pass(answer ?? payload.input.length);
    return payload.take();
  }

  /** At the end: what has been kept back is shown again as long as that gets on. */
  #rest(
    callback: 'http_payload' | 'tcp_payload',
    direction: Direction,
    message: Message | undefined,
  ): Verdict | undefined {
    const { payload } = direction;
    const out: Uint8Array[] = [];
    while (!direction.sawEnd || payload.input !== '') {
      const before = payload.input.length;
      const first = !direction.sawEnd;
      const answer = this.#payload(callback, direction, undefined, true, message);
      if (typeof answer === 'string') return answer;
      if (answer instanceof Uint8Array) out.push(answer);
      // It will not let go of the rest, for which HAProxy would wait in vain.
      if (!first && payload.input.length >= before) return 'abort';
    }
    if (out.length > 0) payload.output.unshift(...out.map((bytes) => Buffer.from(bytes).latin1Slice()));
    return undefined;
  }

  /** Runs a callback; its number, undefined where it gives none, {@link ERROR} where it fails. */
  #call(callback: Callback, direction: Direction, message: Message | undefined): number | undefined {
    const world = this.#world;
    const task = world.take();
    const stack = task.start(helpersOf(world).invoke, this.#line.role, this.#transaction);
    stack.pushRef(this.#object);
    stack.pushString(callback);
    this.#pushTxn(stack, direction);
    this.#pushChannel(stack, direction);
    if (message !== undefined) {
      stack.pushObject(world.class(HTTP_MESSAGE), message);
      stack.pushCopy(-2);
      stack.setField(-2, 'channel');
      // The message stands where the channel would.
      const own = stack.ref(-1);
      stack.pop(2);
      stack.pushRef(own);
      // It is a field of the transaction, too, as long as there is something behind it.
      stack.pushCopy(-1);
      stack.setField(-3, direction.response ? 'http_res' : 'http_req');
      world.state.release(own);
    }
    this.wakeTime = undefined;
    running.push(this);
    try {
      task.run();
    } finally {
      running.pop();
    }
    let answer: number | undefined;
    // Who would have to wait is told, and goes on.
    if (task.failed) answer = task.thread.error === undefined ? undefined : ERROR;
    else if (!task.concluded && stack.count > 0 && stack.kind(-1) === 'number') answer = Math.trunc(stack.number(-1));
    task.release();
    return answer;
  }

  #pushTxn(stack: LuaCall, direction: Direction): void {
    const world = this.#world;
    if (direction.txn === undefined) {
      const places = PLACES[direction.http ? 'http' : 'tcp'][direction.response ? 1 : 0];
      stack.pushObject(world.class(TXN), new Txn(this.#transaction, places, direction.response));
      direction.txn = stack.ref(-1);
    } else stack.pushRef(direction.txn);
  }

  #pushChannel(stack: LuaCall, direction: Direction): void {
    if (direction.channel === undefined) {
      stack.pushObject(this.#world.class(CHANNEL), direction);
      direction.channel = stack.ref(-1);
    } else stack.pushRef(direction.channel);
  }

  #detach(): void {
    const { state } = this.#world;
    for (const direction of [this.request, this.response]) {
      if (direction.started && this.#has.has('end_analyze')) this.#call('end_analyze', direction, undefined);
      if (direction.txn !== undefined) state.release(direction.txn);
      if (direction.channel !== undefined) state.release(direction.channel);
    }
    state.release(this.#object);
  }
}

class Message implements LuaMessage {
  readonly flow: FilterFlow;
  readonly atHead: boolean;
  readonly #direction: Direction;

  constructor(flow: FilterFlow, direction: Direction, atHead: boolean) {
    this.flow = flow;
    this.atHead = atHead;
    this.#direction = direction;
  }

  window(): PayloadWindow {
    return this.#direction.payload;
  }

  resize(length: number | undefined): void {
    if (length === undefined) this.flow.resize();
    else this.flow.resize(length);
  }
}

/** `core.register_filter` and the table `filter`. */
export function filters(world: World): void {
  const { registry } = world.host;
  const data =
    (name: string, registered: boolean) =>
    (call: LuaCall): number => {
      // The filter itself may stand before the channel, as in HAProxy's own examples.
      if (call.count < 1 || call.count > 2) call.fail(`'${name}' needs 1 or 2 arguments`);
      const channel = objectAt(call, call.count, world.class(CHANNEL));
      if (!(channel instanceof Direction)) return call.failArgument(call.count, 'the channel of a filter expected');
      channel.registered = registered;
      return 0;
    };
  world.functions('filter', {
    register_data_filter: data('register_data_filter', true),
    unregister_data_filter: data('unregister_data_filter', false),
    wake_time(call) {
      const filter = running.at(-1);
      if (filter === undefined) return call.fail("'wake_time' is only allowed in a callback of a filter");
      filter.wakeTime = Math.max(1, call.int(1));
      return 0;
    },
  });
  for (const [name, value] of Object.entries({ CONTINUE, WAIT, ERROR, FLT_CFG_FL_HTX: 1 }))
    world.field('filter', name, (call) => call.pushInteger(value));
  world.functions('core', {
    register_filter(call) {
      if (world.host.phase !== 'body') call.fail('register_filter: not available outside of body context');
      if (call.count !== 3) call.fail("'register_filter' needs 3 arguments");
      const name = call.string(1);
      if (call.kind(2) !== 'table') call.failArgument(2, `table expected, got ${call.kind(2)}`);
      if (registry.filters.has(name))
        world.host.warn?.(`Trying to register filter 'lua.${name}' more than once: the last one counts.`);
      registry.filters.set(name, { world, name, class: call.ref(2), create: functionAt(call, 3) });
      return 0;
    },
  });
}
