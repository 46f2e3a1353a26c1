import type { Received, Verdict } from '../api/index.ts';
import type { BodyState } from '../http/messages.ts';
import { encodeProxyHeader } from '../upstream/proxy-header.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { copyOf } from './buffers.ts';
import { logStream } from './http-finish.ts';
import { after } from './filter-stages.ts';
import { tell } from './log-steps.ts';
import { dropSilently } from './silent-drop.ts';
import type { StreamFilters } from './stream-filters.ts';
import { joinChains, startChains } from './tcp-filters.ts';
import { HeldBytes, ResponseInspection, type ResponseWatcher } from './tcp-inspection.ts';
import { CONNECTING, FLOWING } from './tcp-dispatch.ts';
import { type Edited, TcpEditor } from './tcp-editor.ts';
import { TcpSides } from './tcp-sides.ts';

/** Reads below this size are copied and the shared buffer is kept; larger ones make the side read into its own. */
const BULK = 16_384;

/** A connection of a client in TCP mode: bytes both ways, each side ending by itself. */
export class TcpSession extends TcpSides implements ResponseWatcher, Edited {
  #received: HeldBytes | null = null;
  /** Made for actions that want to change bytes. */
  readonly #edit = (): TcpEditor => (this.editor ??= new TcpEditor(this));

  get held(): BodyState {
    return this.phase === FLOWING ? this.stream.responseView.body : this.stream.requestView.body;
  }

  get open(): boolean {
    if (this.over) return false;
    return this.phase === FLOWING ? !this.serverEnded : !this.clientEnded;
  }

  sendToClient(bytes: Buffer): void {
    if (this.over) return;
    this.socket.write(bytes);
    this.stream.bytesToClient += bytes.length;
    this.frontend.counters.bytesOut += bytes.length;
    if (this.stream.backend !== undefined) this.stream.backend.counters.bytesOut += bytes.length;
  }

  sendToServer(bytes: Buffer): boolean {
    const connection = this.stream.connection$;
    if (this.phase !== FLOWING || connection === null) return false;
    connection.socket.write(bytes);
    this.stream.bytesToServer += bytes.length;
    return true;
  }

  override get received(): Received | undefined {
    if (this.phase === FLOWING) return this.#receivedResponse();
    const { held } = this.stream.requestView.body;
    const received = (this.#received ??= new HeldBytes(this.#edit));
    // Appending makes another buffer of them, so that whoever parsed the old one notices.
    received.request = held;
    received.final = this.inspection?.goesOn !== true;
    return received;
  }

  /** While rules look at the response, there is nothing of the request any more. */
  #receivedResponse(): Received | undefined {
    const { stream } = this;
    if (stream.responseInspected) return undefined;
    const received = (this.#received ??= new HeldBytes(this.#edit));
    received.response = stream.responseView.body.held;
    received.final = this.response?.expected !== true;
    return received;
  }

  onServerConnect(connection: ServerConnection): void {
    const { stream } = this;
    const at = this.clock.now();
    stream.timing.connect = at;
    connection.server.observer?.('connected');
    stream.requestSent = true;
    stream.responsePhase = 1;
    this.phase = FLOWING;
    this.#received = null;
    connection.uses++;
    const header = encodeProxyHeader(stream.server!, stream);
    if (header !== undefined) connection.socket.write(header);
    if (stream.filters !== null) joinChains(this, stream, stream.filters);
    for (const bytes of this.editor?.takeAhead() ?? []) {
      if (stream.requestChain === null) this.sendToServer(bytes);
      else stream.requestChain.push(bytes);
    }
    const { body } = stream.requestView;
    if (body.heldSize > 0) {
      if (stream.requestChain === null) {
        connection.socket.write(body.held.subarray(body.heldStart, body.heldEnd));
        stream.bytesToServer += body.heldSize;
      } else stream.requestChain.push(body.held.subarray(body.heldStart, body.heldEnd));
      body.release();
    }
    if (this.clientEnded) this.endRequest();
    const { steps, logAsap } = this.frontend.runtime;
    if (steps.connect !== null) tell(steps.connect, stream);
    if (logAsap) logStream(stream, true);
    const tunnel = stream.getTimeout('tunnel');
    this.silence.clientLimit = tunnel || stream.getTimeout('client') || Infinity;
    this.silence.serverLimit = tunnel || stream.getTimeout('server') || Infinity;
    this.resume();
    this.silence.touch(at);
    if (this.clientEnded) {
      this.serverFinishes();
      this.silence.watch();
    }
    if (stream.filters === null) this.#beginResponse(at);
    else this.#showServer(stream.filters);
  }

  /** Filters see the server's side begin; both sides wait meanwhile. */
  #showServer(filters: StreamFilters): void {
    const { stream } = this;
    const verdict = after(filters.stage('server'), () => filters.stage('tcp-response'));
    const settle = (late: Verdict): void => {
      if (late !== undefined && late !== 'stop') {
        this.cutByFilter(late);
        return;
      }
      this.#beginResponse(this.clock.now());
      if (!this.over) startChains(stream);
    };
    if (!(verdict instanceof Promise)) {
      settle(verdict);
      return;
    }
    const { connection$: connection } = stream;
    this.pause();
    connection?.pause();
    stream.wait(
      verdict,
      (_stream, late) => {
        this.resume();
        connection?.resume();
        settle(late);
      },
      (error) => stream.blame('kernel', 'filters', error),
    );
  }

  #beginResponse(at: number): void {
    const { runtime, settings } = this.stream.backend!;
    if (runtime.tcpResponseRules === null) return;
    this.stream.responseInspected = false;
    this.response = new ResponseInspection(runtime.tcpResponseRules, settings.responseInspectDelay, this, at);
    this.response.run(at);
  }

  waitUntil(at: number): void {
    this.silence.until = at;
    this.silence.watch();
  }

  responseDecided(verdict: Verdict): void {
    const { stream } = this;
    this.silence.until = Infinity;
    stream.responseInspected = true;
    if (verdict !== undefined && verdict !== 'stop') {
      stream.terminate('P', verdict === 'drop' ? 'R' : 'D');
      this.frontend.counters.deniedResponses++;
      stream.backend!.counters.deniedResponses++;
      if (verdict === 'drop') dropSilently(this);
      this.finish(false);
      return;
    }
    const { body } = stream.responseView;
    const connection = stream.connection$;
    if (body.heldSize > 0) {
      const held = body.held.subarray(body.heldStart, body.heldEnd);
      body.release();
      if (stream.responseChain !== null) stream.responseChain.push(held);
      else if (this.socket.write(held)) connection?.resume();
      else connection?.pause();
    }
    if (stream.serverUnwanted || connection === null || connection.closed) this.serverLeft();
    else if (this.serverEnded) this.endResponse();
    else {
      stream.responseChain?.run();
      if (!this.over) this.silence.watch();
    }
  }

  /** What the server sends while rules look at it. */
  #holdResponse(connection: ServerConnection, n: number, buffer: Buffer): void {
    const { stream } = this;
    const { body } = stream.responseView;
    body.append(buffer, 0, n);
    if (body.heldSize >= this.frontend.runtime.generation.bodyLimit) connection.pause();
    if (!stream.waiting) this.response!.run(this.clock.now());
    this.editor?.changed();
  }

  onData(n: number, buffer: Buffer): void {
    const { stream, frontend } = this;
    if (this.clientEnded || this.over) return;
    stream.bytesFromClient += n;
    frontend.counters.bytesIn += n;
    if (this.phase !== FLOWING) {
      stream.requestView.body.append(buffer, 0, n);
      if (stream.requestView.body.heldSize >= frontend.runtime.generation.bodyLimit) this.pause();
      if (this.inspection?.waiting === true) this.inspection.run();
      stream.conversation?.changed();
      this.editor?.changed();
      return;
    }
    stream.backend!.counters.bytesIn += n;
    const chain = stream.requestChain;
    if (chain !== null) {
      chain.feed(buffer, 0, n);
      chain.run();
      return;
    }
    const connection = stream.connection$;
    if (connection === null || connection.closed) return;
    stream.bytesToServer += n;
    const { socket } = connection;
    const owned = buffer === this.bulk;
    const flowing =
      n < 4096
        ? socket.write(buffer.latin1Slice(0, n), 'latin1')
        : socket.write(owned ? buffer.subarray(0, n) : copyOf(buffer, 0, n));
    if (owned) {
      if (socket.writableLength > 0) this.replaceBulk();
    } else if (n >= BULK) this.useBulk();
    if (!flowing && socket.writableLength > 0) this.pause();
    this.silence.moved(this.clock.now(), true);
  }

  onServerData(connection: ServerConnection, n: number, buffer: Buffer): void {
    const { stream, socket } = this;
    if (this.serverEnded) return;
    stream.bytesFromServer += n;
    const chain = stream.responseChain;
    if (chain === null) this.countSent(n);
    if (!stream.responseInspected) {
      this.#holdResponse(connection, n, buffer);
      return;
    }
    if (chain !== null) {
      chain.feed(buffer, 0, n);
      chain.run();
      return;
    }
    const owned = buffer === connection.bulk;
    const flowing =
      n < 4096
        ? socket.write(buffer.latin1Slice(0, n), 'latin1')
        : socket.write(owned ? buffer.subarray(0, n) : copyOf(buffer, 0, n));
    if (owned) {
      if (socket.writableLength > 0) connection.replaceBulk();
    } else if (n >= BULK) connection.useBulk();
    if (!flowing && socket.writableLength > 0) connection.pause();
    this.silence.moved(this.clock.now(), false);
  }

  onDrain(): void {
    if (this.over) return;
    const chain = this.stream.responseChain;
    if (chain !== null) {
      chain.blocked = false;
      chain.run();
      return;
    }
    this.stream.conversation?.changed();
    const { connection$: connection } = this.stream;
    if (this.socket.writableLength === 0) connection?.takeBack();
    connection?.resume();
    if (this.phase === FLOWING) this.silence.moved(this.clock.now(), true);
  }

  onServerDrain(): void {
    const chain = this.stream.requestChain;
    if (chain !== null) {
      chain.blocked = false;
      chain.run();
      return;
    }
    if (!this.clientEnded) this.resume();
    this.silence.moved(this.clock.now(), false);
  }

  onServerError(connection: ServerConnection): void {
    this.onServerClose(connection);
  }

  onServerClose(connection: ServerConnection): void {
    if (this.stream.connection$ !== connection) return;
    if (!connection.connected) this.retry('S');
    else if (!this.stream.responseInspected && !this.stream.waiting && !this.serverEnded) {
      this.stream.terminate('S', 'D');
      this.serverEnded = true;
      this.response!.run(this.clock.now());
    } else {
      if (!this.serverEnded) this.stream.terminate('S', 'D');
      else if (this.stream.responseChain !== null) return;
      this.finish(false);
    }
  }

  onTimeout(at: number): void {
    const { stream } = this;
    if (this.introduction !== null) {
      this.introduction.expire();
      return;
    }
    if (this.over || this.phase === FLOWING) {
      const response = this.response;
      const inspected = response?.expected === true && at >= response.until && !stream.waiting && !this.over;
      if (inspected) response.run(at);
      else this.silent(at);
      return;
    }
    if (this.inspection?.waiting === true) {
      this.inspection.expire();
      return;
    }
    if (stream.queue !== null) {
      stream.queue.remove(stream);
      stream.terminate('s', 'Q');
      this.finish(false);
      return;
    }
    if (this.phase === CONNECTING) {
      this.retry('s');
      return;
    }
    stream.terminate('c', 'R');
    this.finish(false);
  }
}
