declare global {
  interface Buffer {
    /** The bytes as a latin1 string: what `toString('latin1', …)` does, without its dispatch. There since Node 0.x. */
    latin1Slice(start?: number, end?: number): string;
  }
}

export {};
