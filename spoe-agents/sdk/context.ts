import type { Body } from './body.ts';
import { ACTION, type Scope, SCOPE } from './protocol.ts';
import { encodedSize, varintSize } from './size.ts';
import type { SpopInput } from './values.ts';
import type { SpopWriter } from './writer.ts';

/** What a handler may know of the connection that its message came by. */
export interface Peer {
  /** `engine-id` of the HELLO; HAProxy's engines are one for each filter, process and thread. */
  readonly engineId: string | undefined;
  /** `address:port`, or the path of a UNIX socket. */
  readonly remote: string;
  readonly maxFrameSize: number;
}

/** Scope, name and value; `null` in place of the value takes the variable away. */
type Action = readonly [type: number, scope: Scope, name: string, value: SpopInput];

/** One NOTIFY and the ACK that it is to have. */
export class Exchange {
  readonly peer: Peer;
  readonly streamId: number;
  #frameId: number;
  /** Handlers that have not ended. */
  pending = 0;
  readonly contexts: Context[] = [];
  body: Body | null = null;
  /** Size of the ACK so far. */
  size: number;
  state: 'open' | 'acknowledged' | 'gone' = 'open';
  #controller: AbortController | null = null;

  constructor(peer: Peer, streamId: number, frameId: number) {
    this.peer = peer;
    this.streamId = streamId;
    this.#frameId = frameId;
    this.size = 5 + varintSize(streamId) + varintSize(frameId);
  }

  /** Of the last frame that belongs to it. */
  get frameId(): number {
    return this.#frameId;
  }

  set frameId(id: number) {
    this.size += varintSize(id) - varintSize(this.#frameId);
    this.#frameId = id;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.state === 'gone') this.#controller.abort(gone());
    }
    return this.#controller.signal;
  }

  /** Nobody waits for the ACK any more. */
  abandon(): void {
    if (this.state !== 'open') return;
    this.state = 'gone';
    this.body?.breakOff();
    this.#controller?.abort(gone());
  }

  /** @param extra bytes by which the ACK is to grow. @throws RangeError when it may not. */
  grow(extra: number): void {
    const size = this.size + extra;
    if (size > this.peer.maxFrameSize)
      throw new RangeError(`the ACK would have ${size} bytes, and the proxy takes ${this.peer.maxFrameSize}`);
    this.size = size;
  }
}

function gone(): Error {
  return new DOMException('The proxy does not wait for this message any more', 'AbortError');
}

/** Any variable of any type: what an agent may set if nothing is said. */
export type AnyVars = { readonly [variable in `${Scope}.${string}`]: SpopInput };

/** The names that `Vars` (`'<scope>.<name>'` to type) has in a scope. */
export type VarNames<Vars, In extends Scope> = keyof Vars extends infer Key
  ? Key extends `${In}.${infer Name}`
    ? Name
    : never
  : never;

/** What `Vars` says that the variable is. */
export type VarValue<Vars, In extends Scope, Name extends string> = `${In}.${Name}` extends keyof Vars
  ? Vars[`${In}.${Name}`]
  : never;

/** What a handler has beside the arguments: how it answers, and where the message came from. */
export class Context<Vars = AnyVars> {
  /** Name of the `spoe-message`. */
  readonly message: string;
  readonly #exchange: Exchange;
  #actions: Action[] = [];
  #size = 0;

  /** @internal */
  constructor(message: string, exchange: Exchange) {
    this.message = message;
    this.#exchange = exchange;
  }

  get streamId(): number {
    return this.#exchange.streamId;
  }

  get frameId(): number {
    return this.#exchange.frameId;
  }

  get engineId(): string | undefined {
    return this.#exchange.peer.engineId;
  }

  /** `address:port` of the proxy, or the path of a UNIX socket. */
  get remote(): string {
    return this.#exchange.peer.remote;
  }

  /** Aborted when the proxy does not wait any more: its connection closed, the agent is closing and out of patience, or a streamed body broke off. */
  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  /** The body that a streamed message carries; null for all others. README, "Body streaming". */
  get body(): Body | null {
    return this.#exchange.body;
  }

  /**
   * Sets `<scope>.<var-prefix>.<name>` in the proxy, when the message is acknowledged. The proxy must know the variable: it is named in
   * the configuration, by `register-var-names`, or `option force-set-var` is on.
   *
   * A number is sent as INT64 and must be an integer (`int32`, `uint32`, `uint64` choose another width); a string as STR in UTF-8,
   * a Buffer as BIN.
   * @throws RangeError for a number that is no integer, or when the ACK would be larger than the proxy takes.
   * @throws TypeError for a name that is not made of letters, digits, `.` and `_`.
   */
  setVar<In extends Scope, Name extends VarNames<Vars, In>>(
    scope: In,
    name: Name,
    value: VarValue<Vars, In, Name>,
  ): void {
    this.#add([ACTION.SET_VAR, scope, name, value as SpopInput]);
  }

  unsetVar<In extends Scope>(scope: In, name: VarNames<Vars, In>): void {
    this.#add([ACTION.UNSET_VAR, scope, name, null]);
  }

  #add(action: Action): void {
    const [type, scope, name, value] = action;
    const exchange = this.#exchange;
    if (exchange.state === 'acknowledged')
      throw new Error(`'${this.message}' was acknowledged already; set variables before the handler ends`);
    if (!Object.hasOwn(SCOPE, scope)) throw new TypeError(`'${scope}' is not a scope of variables`);
    checkName(name);
    const size = 3 + encodedSize(name) - 1 + (type === ACTION.SET_VAR ? encodedSize(value) : 0);
    exchange.grow(size);
    this.#size += size;
    this.#actions.push(action);
  }

  /** @internal Takes back what a handler that failed has set: half an answer is none. */
  discard(): void {
    this.#actions = [];
    this.#exchange.size -= this.#size;
    this.#size = 0;
  }

  /** @internal */
  write(writer: SpopWriter): void {
    for (const [type, scope, name, value] of this.#actions) {
      if (type === ACTION.SET_VAR) {
        writer.setVar(scope, name);
        writer.value(value);
      } else writer.unsetVar(scope, name);
    }
  }
}

/** Names that were looked at; few, and the same ones again and again. */
const checked = new Set<string>();

function checkName(name: string): void {
  if (checked.has(name)) return;
  if (!/^[a-zA-Z0-9._]+$/.test(name))
    throw new TypeError(`'${name}' is not the name of a variable: letters, digits, '.' and '_'`);
  if (checked.size < 1000) checked.add(name);
}
