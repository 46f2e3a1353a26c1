import type { ClientResponse } from '../testing/client.ts';
import type { Observation } from './outcome.ts';
import type { Source } from '../config/sources.ts';
import type { BindAddress, Rewritten } from './rewrite.ts';
import type { ServerCondition } from './suite.ts';

/** A listener of the configuration, and where it is in the test. */
export interface Listener {
  readonly frontend: string;
  readonly mode: 'http' | 'tcp';
  readonly bind: BindAddress;
}

/** Names of header fields that the program adds for the test's sake; not shown. */
export type OwnHeaders = ReadonlySet<string>;

/** What a program is to run. */
export interface Run {
  readonly sources: readonly Source[];
  readonly lines: Rewritten['lines'];
  /** The current folder while it reads its files. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Those the configuration has, in its order. */
  readonly listeners: readonly Listener[];
  /** Proxies that are frontend and backend at once. */
  readonly isListen: (proxy: string) => boolean;
  /** Variables that will be asked for. */
  readonly variables: readonly string[];
}

/** A program running the configuration, for one case. */
export interface Subject {
  readonly name: 'Sluice' | 'HAProxy';
  readonly ownHeaders: OwnHeaders;
  address(listener: Listener): { readonly host: string; readonly port: number };
  given(backend: string, server: string, condition: ServerCondition): Promise<void>;
  /** Sets the date and time, in milliseconds since 1970. False where that cannot be. */
  setDate(at: number): boolean;
  /** Lets time pass. */
  advance(milliseconds: number): Promise<void>;
  /** Milliseconds that can pass in one step: of a program whose time cannot be moved, those one is ready to wait. */
  readonly patience: number;
  /** All that follows from what has been sent and received so far has happened. */
  settled(): Promise<void>;
  /** What is known of the nth request, from 1, on the client's connection from that local port. */
  observe(port: number, n: number, response: ClientResponse | undefined): Promise<Observation>;
  /** The lines logged since the last call. */
  takeLog(): string[];
  stop(): Promise<void>;
}

/** The program cannot run the configuration, or has ended. */
export class SubjectError extends Error {}
