/**
 * The clock of all timing: monotonic milliseconds, read once per event of the loop, as reading it costs more than using it.
 * Whatever begins an event (a socket, a timer, a promise) calls `newEvent` first.
 */
let current = -1;

export function newEvent(): void {
  current = -1;
}

export function now(): number {
  if (current === -1) current = performance.now();
  return current;
}
