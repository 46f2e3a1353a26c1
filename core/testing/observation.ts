import type { HeaderList, Timing, Transaction, Value, VariableScope } from '../api/index.ts';
import { Fields } from './fields.ts';

/** What became of one request, or in TCP mode of one connection, as the log sees it: all of it is over. */
export interface Observation {
  /** Counts up in this process. */
  readonly id: number;
  readonly frontend: string;
  /** Undefined where none was chosen, e.g. because a rule answered. */
  readonly backend: string | undefined;
  readonly server: string | undefined;
  /** Who asked, as the proxy knows it; and the socket's own end, whatever was said about it. */
  readonly source: { readonly host: string; readonly port: number };
  readonly socket: { readonly host: string; readonly port: number };
  /** The place of the request on its connection, from 1; 0 in TCP mode. */
  readonly place: number;
  /** Undefined in TCP mode and where no request was read. */
  readonly request: ObservedRequest | undefined;
  /** Undefined where there was none. What its head and body were, the client knows. */
  readonly response: ObservedResponse | undefined;
  /** The status to log; -1 without an answer. */
  readonly status: number;
  /** The termination state: the four characters of configuration.txt 8.5, `----` where all went well. */
  readonly termination: string;
  /** By full name: `txn.user`, `sess.tenant`, `proc.mode`. */
  readonly variables: Readonly<Record<string, Value>>;
  /** What `capture` lines and rules have kept, by slot. */
  readonly captures: {
    readonly request: readonly (string | undefined)[];
    readonly response: readonly (string | undefined)[];
  };
  readonly retries: number;
  readonly redispatched: boolean;
  /** The connection to the server had served others before. */
  readonly reused: boolean;
  readonly bytes: {
    readonly fromClient: number;
    readonly toClient: number;
    readonly fromServer: number;
    readonly toServer: number;
  };
  readonly timing: Timing;
  readonly uniqueId: string | undefined;
  /** The rule that ended its rule set last, as its line has it, and where that stands. */
  readonly lastRule: { readonly text: string; readonly file: string; readonly line: number } | undefined;
  /** The lines that the configuration's `log` lines made of it. Byte strings. */
  readonly logLines: readonly string[];
}

export interface ObservedRequest {
  /** As rules have left them. */
  readonly method: string;
  readonly url: string;
  /** As it came, before any rule. What left for the server, the origin knows: a proxy forgets heads that it has sent. */
  readonly received: { readonly method: string; readonly url: string; readonly headers: Fields };
  readonly version: string;
}

export interface ObservedResponse {
  readonly status: number;
  /** As the server sent it; undefined in an answer that no server gave. */
  readonly receivedStatus: number | undefined;
}

const SCOPES: readonly VariableScope[] = ['proc', 'sess', 'txn', 'req', 'res'];

const RECEIVED = Symbol('received');

/** Keeps the head of a request as it came: at the end it is gone. */
export function keepHead(transaction: Transaction): void {
  transaction.data(RECEIVED, () => ({ fields: fieldsOf(transaction.request!.headers) }));
}

/** Copies what there is to know of a transaction: the object itself is used again for the next one. */
export function observe(transaction: Transaction, logLines: readonly string[]): Observation {
  const { connection, request, response, lastRule, backend, server } = transaction;
  const { source, socketSource } = connection;
  return {
    id: transaction.id,
    frontend: transaction.frontend.name,
    backend: backend?.name,
    server: server?.name,
    source: { host: source.address, port: source.port },
    socket: { host: socketSource.address, port: socketSource.port },
    place: connection.requests,
    request: request && {
      method: request.method,
      url: request.uri,
      received: {
        method: request.receivedMethod,
        url: request.receivedUri,
        headers: transaction.peek<{ fields: Fields }>(RECEIVED)?.fields ?? new Fields([]),
      },
      version: request.version,
    },
    response: response && {
      status: response.status,
      receivedStatus: response.receivedStatus,
    },
    status: transaction.loggedStatus,
    termination: transaction.termination,
    variables: Object.fromEntries(
      SCOPES.flatMap((scope) => [...transaction.variables(scope)].map(([name, value]) => [`${scope}.${name}`, value])),
    ),
    captures: { request: [...transaction.requestCaptures], response: [...transaction.responseCaptures] },
    retries: transaction.retries,
    redispatched: transaction.redispatched,
    reused: transaction.reused,
    bytes: {
      fromClient: transaction.bytesFromClient,
      toClient: transaction.bytesToClient,
      fromServer: transaction.bytesFromServer,
      toServer: transaction.bytesToServer,
    },
    timing: { ...transaction.timing },
    uniqueId: transaction.uniqueId,
    lastRule: lastRule && { text: lastRule.text, file: lastRule.file, line: lastRule.line },
    logLines,
  };
}

function fieldsOf(headers: HeaderList): Fields {
  return new Fields(Array.from({ length: headers.size }, (_, i) => [headers.nameAt(i), headers.valueAt(i)] as const));
}
