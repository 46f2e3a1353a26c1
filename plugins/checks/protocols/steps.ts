import type {
  CheckAttempt,
  CheckCode,
  CheckResult,
  DetachedTransaction,
  Endpoint,
  Expression,
  GlobalSettings,
  Server,
} from 'sluice/plugin';
import type { HttpResponse } from './http-response.ts';

/** What a step can see of the check under way. */
export interface Scene {
  readonly server: Server;
  readonly attempt: CheckAttempt;
  /** What has come on this connection since something was last sent, `limit` bytes at the most. */
  readonly bytes: Buffer;
  /** No more will come: the server has closed, or the buffer is full. */
  readonly last: boolean;
  /** The connection was reset: what has come counts only if it is enough. */
  readonly reset: boolean;
  /** Made when first asked for: most checks evaluate nothing. */
  readonly transaction: DetachedTransaction;
  /** From 1, as the rules were written. */
  readonly stepNumber: number;
  /** The rule's own comment, or the `comment` rule right before it. */
  readonly comment: string | undefined;
  /** What has been read of an HTTP response. */
  response: HttpResponse | undefined;
  /** The request was HEAD: its response has no body. */
  headRequest: boolean;
  /** The global `node`. */
  readonly node: string | undefined;
}

/** Opens a connection, after closing the one before. */
export interface ConnectStep {
  readonly kind: 'connect';
  readonly comment?: string | undefined;
  readonly port?: number | Expression | undefined;
  readonly address?: Endpoint | undefined;
  readonly sendProxy: boolean;
  /** `default`: what the server line says counts where the rule says nothing. */
  readonly asServer: boolean;
  /** Closes in order instead of with RST. */
  readonly linger: boolean;
}

export interface SendStep {
  readonly kind: 'send';
  readonly comment?: string | undefined;
  /** The bytes to send, or why there are none. */
  make(scene: Scene): string | CheckResult;
}

/** Waits until it can tell from what has come whether the check goes on. */
export interface ExpectStep {
  readonly kind: 'expect';
  readonly comment?: string | undefined;
  /** As messages call it: `expect string '+PONG'`. */
  readonly label: string;
  evaluate(scene: Scene): 'wait' | 'passed' | CheckResult;
  /** The result of the whole check when this was the last thing to expect. */
  succeed(scene: Scene): CheckResult;
  readonly timeoutStatus: CheckCode;
}

export interface CommentStep {
  readonly kind: 'comment';
  readonly comment: string;
}

export interface ActionStep {
  readonly kind: 'action';
  run(scene: Scene): void;
}

export type Step = ConnectStep | SendStep | ExpectStep | CommentStep | ActionStep;

/** A check's script. Without a connection to begin with, one to the server as its line says is opened first. */
export interface Script {
  readonly steps: readonly Step[];
  /** Messages say at which step a connection failed: those of `tcp-check`. */
  readonly traced: boolean;
  /** Answers are kept up to tune.bufsize. */
  readonly settings: Pick<GlobalSettings, 'bufsize' | 'node'>;
}

export const DEFAULT_CONNECT: ConnectStep = { kind: 'connect', sendProxy: false, asServer: true, linger: false };
/** Closes in order, for servers that count connections which were reset. */
export const LINGERING_CONNECT: ConnectStep = { ...DEFAULT_CONNECT, linger: true };
