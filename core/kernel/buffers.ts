/** Bytes a read into the shared buffer can bring. */
export const READ_SIZE = 65_536;
/** The same for a body that has a buffer of its own: larger, as each read and write costs the same whatever it moves. */
export const BULK_SIZE = 131_072;

/** All heads and small bodies are read into this one buffer: what is to outlive the read event must be copied out of it. */
export const sharedBuffer: Buffer = Buffer.allocUnsafeSlow(READ_SIZE);

const free: Buffer[] = [];
const KEPT = 64;

/** A buffer of one's own for a body that goes on: it is written as it was read, without a copy. */
export function takeBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(BULK_SIZE);
}

/** Gives a buffer back once nothing reads or writes it. */
export function giveBuffer(buffer: Buffer): void {
  if (free.length < KEPT) free.push(buffer);
}

/** bytes[start, end) in memory of its own. */
export function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}
