/**
 * Writes of latin1 strings straight to a socket's handle. `socket.write` spends more on its queue than the system call's
 * preparation costs; where the queue is empty it is not needed: the system takes a head or a small body at once. What the
 * system does not take, libuv keeps and completes, and `drain` follows as after any write.
 *
 * The request object that the handle wants is not exported by Node, so its class is taken from the first ordinary write. Until
 * then, and where the handle is of another kind, `socket.write` does the work.
 */

import type { ReadSocket } from './fast-socket.ts';
import { newEvent } from './clock.ts';

interface WriteRequest {
  oncomplete?: (status: number) => void;
  socket?: DirectSocket;
}
interface Handle {
  writeLatin1String?: (request: WriteRequest, text: string) => number;
  readonly writeQueueSize?: number;
}
export interface DirectSocket extends ReadSocket {
  /** Bytes of direct writes that libuv has not completed; part of `writableLength`. */
  pendingDirect: number;
}

let Request: (new () => WriteRequest) | undefined;
let spare: WriteRequest | undefined;

/** Learns the request's class from the next write of this socket. */
export function watchWrites(socket: ReadSocket): void {
  if (Request !== undefined) return;
  const handle = (socket as unknown as { _handle: Handle | null })._handle;
  const original = handle?.writeLatin1String;
  if (handle === null || original === undefined || !('writeQueueSize' in handle)) return;
  handle.writeLatin1String = function (request, text) {
    delete handle.writeLatin1String;
    Request = request.constructor as new () => WriteRequest;
    return original.call(this, request, text);
  };
}

/** As `socket.write(text, 'latin1')`: false when bytes are left over and `onDrain` will follow. */
export function writeLatin1(socket: ReadSocket, text: string): boolean {
  const handle = (socket as unknown as { _handle: Handle | null })._handle;
  if (Request === undefined || handle === null || socket.connecting || !socket.writable || socket.writableLength > 0) {
    return socket.write(text, 'latin1');
  }
  const request = spare ?? new Request();
  spare = undefined;
  const failed = handle.writeLatin1String!(request, text);
  if (failed !== 0) {
    socket.destroy(Object.assign(new Error('write failed'), { code: 'EPIPE', errno: failed, syscall: 'write' }));
    return false;
  }
  if (handle.writeQueueSize === 0) {
    spare = request;
    return true;
  }
  request.socket = socket as DirectSocket;
  request.oncomplete = completed;
  (socket as DirectSocket).pendingDirect += text.length;
  return false;
}

function completed(this: WriteRequest, status: number): void {
  const socket = this.socket!;
  socket.pendingDirect = 0;
  if (status < 0) {
    if (!socket.destroyed)
      socket.destroy(Object.assign(new Error('write failed'), { code: 'EPIPE', syscall: 'write' }));
    return;
  }
  newEvent();
  if (!socket.destroyed) socket.reader.onDrain();
}
