/**
 * Writes of latin1 strings straight to a net.Socket's handle. `socket.write` spends more on its queue than the system call's
 * preparation costs; where the queue is empty it is not needed: the system takes a head or a small body at once. What the
 * system does not take, libuv keeps and completes, and `drain` follows as after any write.
 */

import { newEvent } from './clock.ts';
import type { ReadSocket } from './fast-socket.ts';
import { LightSocket } from './light-socket.ts';
import { type Handle, internals, type Request } from './node-internals.ts';
import { systemError } from './system-error.ts';

export interface DirectSocket extends ReadSocket {
  /** Bytes of direct writes that libuv has not completed; part of `writableLength`. */
  pendingDirect: number;
}

let spare: Request | undefined;

/** As `socket.write(text, 'latin1')`: false when bytes are left over and `onDrain` will follow. */
export function writeLatin1(socket: ReadSocket, text: string): boolean {
  if (socket instanceof LightSocket) return socket.write(text);
  const handle = (socket as unknown as { _handle: Handle | null })._handle;
  if (
    internals === undefined ||
    handle?.writeLatin1String === undefined ||
    socket.connecting ||
    !socket.writable ||
    socket.writableLength > 0
  ) {
    return socket.write(text, 'latin1');
  }
  const request = spare ?? new internals.WriteRequest();
  spare = undefined;
  if (handle.writeLatin1String(request, text) !== 0) {
    socket.destroy(systemError('EPIPE', 'write'));
    return false;
  }
  if (request.getAsyncId() === -1) {
    spare = request;
    return true;
  }
  request.socket = socket;
  request.oncomplete = completed;
  (socket as DirectSocket).pendingDirect += text.length;
  return false;
}

function completed(this: Request, status: number): void {
  const socket = this.socket as DirectSocket;
  socket.pendingDirect = 0;
  if (socket.destroyed) return;
  newEvent();
  if (status < 0) socket.destroy(systemError('EPIPE', 'write'));
  else socket.reader.onDrain();
}
