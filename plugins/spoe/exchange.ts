import type { Lease, LeaseHolder, Server, Transaction } from 'sluice/plugin';
import type { AgentConnection } from './agent-connection.ts';
import type { BodyTransfer } from './body-transfer.ts';
import type { Engine } from './engine.ts';

/** One NOTIFY and its ACK. A transaction has one at a time with each engine. */
export class Exchange implements LeaseHolder {
  readonly engine: Engine;
  readonly transaction: Transaction;
  /** As logs have it: `EVENT:on-client-session`. */
  readonly title: string;
  /** Milliseconds of the proxy's clock. */
  readonly startedAt: number;
  /** The transaction's number, in logs. */
  readonly streamLogId: number;
  deadline = 0;
  /** Neighbours among those who wait, the oldest first. */
  before: Exchange | undefined = undefined;
  after: Exchange | undefined = undefined;
  lease: Lease | undefined = undefined;
  connection: AgentConnection | undefined = undefined;
  streamId = 0;
  /** The messages, while they wait for a connection. */
  payload: Buffer | undefined = undefined;
  /** Nobody waits for it: its ACK is read and forgotten. */
  detached: boolean;
  /** The body that its message carries. */
  readonly body: BodyTransfer | undefined;
  resolve: (() => void) | undefined = undefined;
  over = false;

  constructor(
    engine: Engine,
    transaction: Transaction,
    title: string,
    startedAt: number,
    detached: boolean,
    body?: BodyTransfer,
  ) {
    this.engine = engine;
    this.transaction = transaction;
    this.title = title;
    this.streamLogId = transaction.id;
    this.startedAt = startedAt;
    this.detached = detached;
    this.body = body;
  }

  onServer(server: Server): void {
    this.engine.send(this, server, this.payload!);
  }

  onShutdown(): void {
    this.engine.noServer(this);
  }

  onNoServer(): void {
    this.engine.noServer(this);
  }
}
