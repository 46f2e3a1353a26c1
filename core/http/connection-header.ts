import { CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE, CONNECTION_OTHER, type HeadScanner } from './head-scanner.ts';
import type { Head } from './head.ts';

/**
 * Takes `close` and `keep-alive` out of the Connection fields, as what holds on one side means nothing on the other. The rest of
 * a field stays where it stood, joined with bare commas; a field that is left empty goes.
 */
export function cleanConnection(head: Head, scan: HeadScanner): void {
  if (scan.connectionFields === 0) return;
  if (scan.connectionFields === 1 && (scan.connection & CONNECTION_OTHER) === 0) {
    head.deleteScanned(scan.connectionField);
    return;
  }
  const ours = (scan.connection & (CONNECTION_CLOSE | CONNECTION_KEEP_ALIVE)) !== 0;
  for (let i = head.size - 1; i >= 0; i--) {
    if (head.nameAt(i) !== 'connection') continue;
    const value = head.valueAt(i);
    if (!ours && value !== '') continue;
    const members = value.split(',').map((member) => member.trim());
    const kept = members.filter((member) => member !== '' && !/^(?:close|keep-alive)$/i.test(member));
    if (kept.length === 0) head.deleteAt(i);
    else if (kept.length < members.length) head.setAt(i, kept.join(','));
  }
}

/** Of TE only `trailers` means something to the next hop that we can keep (RFC 9110 10.1.4). */
export function cleanTransferCodings(head: Head): void {
  const trailers = head.all('te').some((value) => /(?:^|,)\s*trailers\s*(?:;|,|$)/i.test(value));
  let kept = false;
  for (let i = head.size - 1; i >= 0; i--) {
    if (head.nameAt(i) !== 'te') continue;
    if (!trailers || kept) head.deleteAt(i);
    else if (head.valueAt(i).toLowerCase() !== 'trailers') head.setAt(i, 'trailers');
    kept = true;
  }
}

/** Takes `close` and `keep-alive` out of the Connection fields of a response that rules wrote; says whether it is to close. */
export function takeClose(head: Head): boolean {
  let closes = false;
  for (let i = head.size - 1; i >= 0; i--) {
    if (head.nameAt(i) !== 'connection') continue;
    const members = head
      .valueAt(i)
      .split(',')
      .map((member) => member.trim());
    const kept = members.filter((member) => member !== '' && !/^(?:close|keep-alive)$/i.test(member));
    closes ||= members.some((member) => /^close$/i.test(member));
    if (kept.length === 0) head.deleteAt(i);
    else if (kept.length < members.length) head.setAt(i, kept.join(','));
  }
  return closes;
}

export const CLOSE_LINE = 'connection: close\r\n';
export const KEEP_ALIVE_LINE = 'connection: keep-alive\r\n';
