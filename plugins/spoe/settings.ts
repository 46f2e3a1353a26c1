import type { AclTable, Condition, Expression, Extension, Value, Transaction } from 'sluice/plugin';
import type { OwnLogging } from '../logging/settings.ts';
import type { Engine } from './engine.ts';

/** The events of SPOE.txt 2.3, and our own: bodies as they pass, and the end of a transaction. */
export const EVENTS = [
  'on-client-session',
  'on-server-session',
  'on-frontend-tcp-request',
  'on-backend-tcp-request',
  'on-tcp-response',
  'on-frontend-http-request',
  'on-backend-http-request',
  'on-http-response',
  'on-http-request-body',
  'on-http-response-body',
  'on-http-end',
] as const;
export type EventName = (typeof EVENTS)[number];

/** Something of an engine's file, and where it stands. */
interface Declared {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** One value of a message. */
export interface Argument {
  /** Length and bytes of its name, as they are sent; the name may be empty. */
  readonly name: Uint8Array;
  readonly expression: Expression;
  readonly evaluate: (transaction: Transaction) => Value | undefined;
}

/** A `spoe-message` section. */
export interface Message extends Declared {
  readonly args: Argument[];
  readonly acls: AclTable;
  /** The last `event` line counts. */
  event: { readonly name: EventName; readonly condition: Condition | undefined; readonly line: number } | undefined;
  /** The condition under which the agent's answer denies a body, and how many bytes are held back for it at the most. */
  deny: Condition | undefined;
  hold: number;
  /** Name and number of arguments as they are sent; made when the file has been read. */
  head: Uint8Array;
  /** The same with a chunk of a body behind the arguments, and of a message that has nothing else. */
  streamHead: Uint8Array;
  chunkHead: Uint8Array;
}

/** A `spoe-group` section. */
export interface Group extends Declared {
  readonly messages: string[];
}

/** A `spoe-agent` section. */
export interface Agent extends Declared {
  readonly messages: string[];
  readonly groups: string[];
  backend: string | undefined;
  maxFrameSize: number;
  /** `timeout processing`, in milliseconds; 0: none. */
  processing: number;
  pipelining: boolean;
  continueOnError: boolean;
  forceSetVar: boolean;
  logsNormal: boolean;
  /** Lines as HAProxy up to 3.0 wrote them. */
  oldLog: boolean;
  /** Names of variables, without the scope and the prefix. */
  setOnError: string | undefined;
  setProcessTime: string | undefined;
  setTotalTime: string | undefined;
  /** Between the scope and the name of variables. */
  prefix: string;
  readonly registered: string[];
  readonly logging: OwnLogging;
}

/** The engines of a proxy by name. */
export const ENGINES: Extension<Map<string, Engine>> = { name: 'spoe: engines', create: () => new Map() };
