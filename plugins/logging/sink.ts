/** Where finished lines go. */
export interface Sink {
  /** Opens what is needed. What it throws refuses the configuration. */
  open(): Promise<void>;
  /** A byte string that ends in a newline. Never throws and never waits: what cannot be sent is lost and counted. */
  write(line: string): void;
  close(): void | Promise<void>;
  /** Lines lost so far. */
  readonly dropped: number;
}
