import type { Head } from './head.ts';
import { BODY_CHUNKED, BODY_CLOSE, BODY_LENGTH, BODY_NONE } from './messages.ts';

/** How a body ends. */
export interface Framing {
  readonly kind: number;
  /** In bytes, for BODY_LENGTH. */
  readonly length: number | undefined;
}

/**
 * Makes an edited head say again how its body is framed, whatever the rules did: a body that passes without its length would be
 * taken for the next message (RFC 9112 6.3).
 */
export function reframeRequest(head: Head, body: Framing): void {
  if (body.kind === BODY_NONE && !head.has('content-length')) {
    if (head.has('transfer-encoding')) head.delete('transfer-encoding');
  } else reframe(head, body);
}

/** The same for a response that may have a body: not for HEAD, 204 and 304, whose fields may tell of one that is not there. */
export function reframe(head: Head, body: Framing): void {
  switch (body.kind) {
    case BODY_LENGTH:
      declareLength(head, body.length!);
      break;
    case BODY_CHUNKED:
      if (head.has('content-length')) head.delete('content-length');
      if (head.get('transfer-encoding')?.toLowerCase() !== 'chunked' || head.all('transfer-encoding').length > 1) {
        head.set('transfer-encoding', 'chunked');
      }
      break;
    case BODY_NONE:
      declareLength(head, 0);
      break;
    case BODY_CLOSE:
      if (head.has('transfer-encoding')) head.delete('transfer-encoding');
      if (head.has('content-length')) head.delete('content-length');
      break;
    default:
  }
}

/** Says the length, and only that; `003` stays as it came. */
export function declareLength(head: Head, length: number): void {
  if (head.has('transfer-encoding')) head.delete('transfer-encoding');
  const values = head.all('content-length');
  if (values.length !== 1 || !/^\d+$/.test(values[0]!) || Number(values[0]) !== length) {
    head.set('content-length', String(length));
  }
}
