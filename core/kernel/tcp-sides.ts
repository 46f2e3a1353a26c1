import type { Verdict } from '../api/index.ts';
import { resetSocket, unsentBytes } from '../net/fast-socket.ts';
import { logStream } from './http-finish.ts';
import type { FilterChain } from './filter-chain.ts';
import { dropSilently } from './silent-drop.ts';
import { giveStream } from './stream.ts';
import type { ResponseInspection } from './tcp-inspection.ts';
import type { TcpEditor } from './tcp-editor.ts';
import { type Sides, Silence } from './tcp-silence.ts';
import { TcpDispatch, ARRIVED, FLOWING } from './tcp-dispatch.ts';
import { schedule } from './timers.ts';

/** Who does not take what is left to be sent, though no timeout says so, has this long (ms). */
const LINGER = 60_000;

/** How long what a client sends is read after it has been answered (ms). */
const POLITENESS = 2000;

/** The two sides of a connection in TCP mode: how each ends, and how long it may be silent. */
export abstract class TcpSides extends TcpDispatch implements Sides {
  serverEnded = false;
  /** The rules that look at what the server sends. */
  protected response: ResponseInspection | null = null;
  protected editor: TcpEditor | null = null;
  protected readonly silence: Silence = new Silence(this);

  get independent(): boolean {
    return this.frontend.runtime.independent || this.stream.backend!.runtime.independent;
  }

  get clientOwes(): boolean {
    return this.socket.writableLength > 0 || !(this.clientEnded || this.paused);
  }

  get serverOwes(): boolean {
    const connection = this.stream.connection$!;
    return connection.socket.writableLength > 0 || !(this.serverEnded || connection.paused);
  }

  unsent(): number {
    const connection = this.stream.connection$;
    return unsentBytes(this.socket) + (connection === null ? 0 : unsentBytes(connection.socket));
  }

  /** `timeout server-fin`: the client has ended, so the server's time is another. */
  protected serverFinishes(): void {
    this.silence.restart('server', this.stream.backend!.settings.timeouts['server-fin']);
  }

  /** Reads on from a side if filters and the other side can take more. */
  balance(chain: FilterChain, client: boolean): void {
    const reader = client ? this : this.stream.connection$;
    if (chain.backlogged) reader?.pause();
    else if (!client || !this.clientEnded) reader?.resume();
    if (this.stream.connection$ !== null) this.silence.moved(this.clock.now(), client);
  }

  countSent(size: number): void {
    const { stream } = this;
    stream.bytesToClient += size;
    this.frontend.counters.bytesOut += size;
    stream.backend!.counters.bytesOut += size;
  }

  onEnd(): void {
    const { stream } = this;
    if (this.over || this.clientEnded) return;
    if (this.phase === FLOWING) {
      this.#endClient();
      return;
    }
    this.clientEnded = true;
    this.editor?.changed();
    if (stream.conversation !== null) {
      // It reads what has come, and may go on writing.
      stream.conversation.changed();
      return;
    }
    if (this.inspection !== null) {
      // There is nothing more to wait for.
      if (this.inspection.waiting) this.inspection.run();
      return;
    }
    if (stream.backend?.runtime.abortOnClose === true || stream.requestView.body.heldSize === 0) {
      stream.terminate('C', stream.stage);
      this.finish(false);
    }
  }

  /** The client sends no more; the server is told, and may go on. */
  #endClient(): void {
    this.clientEnded = true;
    if (this.serverEnded && this.stream.responseChain === null) {
      this.finish(false);
      return;
    }
    this.endRequest();
    if (this.over) return;
    this.serverFinishes();
    this.silence.watch();
  }

  /** The client's end goes on behind its bytes. */
  protected endRequest(): void {
    const { requestChain: chain, connection$: connection } = this.stream;
    if (chain === null) connection?.socket.end();
    else {
      chain.end();
      chain.run();
    }
  }

  /** Filters are through with what the client sent. */
  clientPassed(): void {
    const { connection$: connection, responseChain } = this.stream;
    if (this.serverEnded && responseChain === null) this.finish(false);
    else if (connection?.closed === false) connection.socket.end();
  }

  onServerEnd(): void {
    if (this.serverEnded) return;
    this.serverEnded = true;
    this.editor?.changed();
    if (this.stream.responseInspected) this.endResponse();
    else if (!this.stream.waiting) this.response!.run(this.clock.now());
  }

  /** The server's end goes on behind its bytes. */
  protected endResponse(): void {
    const chain = this.stream.responseChain;
    if (chain === null) this.#endServer();
    else {
      chain.end();
      chain.run();
    }
  }

  /** Filters are through with what the server sent. */
  serverPassed(): void {
    const connection = this.stream.connection$;
    if (connection === null || connection.closed) this.finish(false);
    else this.#endServer();
  }

  #endServer(): void {
    if (this.clientEnded && this.stream.requestChain === null) {
      this.finish(false);
      return;
    }
    this.socket.end();
    this.silence.restart('client', this.frontend.settings.timeouts['client-fin']);
    this.silence.watch();
  }

  /** The server's connection is gone: what has come of it still passes the filters. */
  protected serverLeft(): void {
    if (this.stream.responseChain === null) this.finish(false);
    else this.endResponse();
  }

  /** A filter has ended the connection. */
  cutByFilter(verdict: Exclude<Verdict, undefined | void>): void {
    this.stream.terminate('P', 'D');
    this.frontend.counters.deniedResponses++;
    if (verdict === 'drop') dropSilently(this);
    this.finish(false);
  }

  /** One side, or both, had their time. Who only fell silent counts as one that has ended, and the other goes on as HAProxy lets it. */
  protected silent(at: number): void {
    const connection = this.stream.connection$;
    const silence = this.silence;
    if (silence.progressed()) {
      if (this.over) schedule(this, silence.clientLimit, at);
      else silence.touch(at);
      return;
    }
    if (this.over || connection === null) {
      resetSocket(this.socket);
      this.destroy();
      return;
    }
    const { client, server } = silence.expired(at);
    if (!client && !server) {
      silence.watch();
      return;
    }
    this.stream.terminate(client ? 'c' : 's', 'D');
    const stuck = client && this.socket.writableLength > 0;
    if (stuck || (client && server) || (server && connection.socket.writableLength > 0)) {
      connection.destroy();
      this.finish(stuck);
    } else if (client) {
      this.pause();
      this.#endClient();
    } else {
      connection.pause();
      this.onServerEnd();
    }
  }

  /** The connection is over, on both sides. */
  protected finish(reset: boolean, polite = false): void {
    if (this.over) return;
    this.over = true;
    const { stream } = this;
    stream.queue?.remove(stream);
    const half = this.socket.writableLength > 0 && !reset && !this.closed;
    const connection = stream.connection$;
    // What the server is still owed goes out before its connection closes.
    if (connection !== null && connection.connected && !connection.closed && connection.socket.writableLength > 0) {
      stream.connection$ = null;
      connection.finish(Math.min(this.silence.serverLimit, LINGER));
    }
    this.leaveServer();
    stream.timing.end = this.clock.now();
    if (stream.backend !== undefined) stream.backend.counters.current--;
    if (this.phase !== ARRIVED) logStream(stream);
    stream.finish();
    if (this.closed) {
      giveStream(stream);
      return;
    }
    if (reset) resetSocket(this.socket);
    else if (half) {
      this.socket.destroySoon();
      this.silence.progressed();
      if (this.silence.clientLimit === Infinity) this.silence.clientLimit = LINGER;
      schedule(this, this.silence.clientLimit, this.clock.now());
    } else this.socket.end();
    if (polite && !half) {
      // What the client has sent is read, so that closing does not destroy the answer on its way.
      this.resume();
      schedule(this, POLITENESS, this.clock.now());
    } else if (!half) this.destroy();
  }

  protected gone(): void {
    if (this.over) return;
    if (this.phase !== ARRIVED && !(this.clientEnded && this.serverEnded)) {
      // Whatever was under way: it is the data phase that a client breaks off.
      this.stream.terminate('C', 'D');
      this.frontend.counters.cliAborts++;
    }
    this.finish(false);
  }
}
