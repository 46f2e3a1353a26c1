import { CONNECTION_FRAMING, CONNECTION_LENGTH, CONNECTION_UPGRADE, type HeadScanner, STRIDE } from './head-scanner.ts';
import './latin1.ts';
import { HEX, HOST } from './tables.ts';

/** What is wrong with a well-formed head, or undefined: rules of RFC 9112 that concern more than one line of it. */
export function refuseRequest(bytes: Buffer, scan: HeadScanner, lenient: boolean): string | undefined {
  if (scan.chunked && scan.contentLength !== -1) return 'both Content-Length and Transfer-Encoding';
  // RFC 9112 6.1: a 1.0 message with Transfer-Encoding has faulty framing.
  if (scan.chunked && scan.minor === 0) return 'Transfer-Encoding in an HTTP/1.0 request';
  const host = scan.hostField;
  if (host === -1) {
    if (scan.minor === 1 && !lenient) return 'no Host field';
  } else if (!lenient) {
    if (!validHost(bytes, scan.ranges[host * STRIDE + 2]!, scan.ranges[host * STRIDE + 3]!)) {
      return 'invalid Host field';
    }
  }
  const first = bytes[scan.methodEnd + 1]!;
  const isConnect = scan.methodEnd - scan.start === 7 && bytes[scan.start] === 67 && isMethod(bytes, scan, 'CONNECT');
  if ((scan.connection & (CONNECTION_LENGTH | CONNECTION_FRAMING)) !== 0)
    return 'Connection names a field of the framing';
  if (isConnect && (scan.chunked || scan.contentLength !== -1)) return 'CONNECT with a body';
  if (scan.upgradeField !== -1 && !isConnect && lacksWebSocketKey(bytes, scan))
    return 'WebSocket handshake without a key';
  if (first === 47) return isConnect ? 'CONNECT needs an authority' : undefined;
  return refuseTarget(bytes, scan, isConnect, lenient);
}

function isMethod(bytes: Buffer, scan: HeadScanner, method: string): boolean {
  return bytes.latin1Slice(scan.start, scan.methodEnd) === method;
}

/** RFC 9110 4.2, RFC 3986 3.2: a name or a bracketed address, and a port of digits; or nothing. */
function validHost(bytes: Buffer, from: number, to: number): boolean {
  let i = from;
  if (bytes[i] === 91) {
    const close = bytes.indexOf(93, i);
    if (close === -1 || close >= to || close === i + 1) return false;
    for (i++; i < close; i++) if (HEX[bytes[i]!] === 255 && bytes[i] !== 58 && bytes[i] !== 46) return false;
    i++;
    if (i < to && bytes[i] !== 58) return false;
  } else while (i < to && HOST[bytes[i]!] === 1) i++;
  if (i === to) return true;
  if (bytes[i] !== 58) return false;
  for (i++; i < to; i++) if (bytes[i]! < 48 || bytes[i]! > 57) return false;
  return true;
}

/** RFC 6455 4.2.1: a handshake without a key is none. */
function lacksWebSocketKey(bytes: Buffer, scan: HeadScanner): boolean {
  if ((scan.connection & CONNECTION_UPGRADE) === 0) return false;
  const { ranges, upgradeField, count } = scan;
  const protocol = bytes.latin1Slice(ranges[upgradeField * STRIDE + 2], ranges[upgradeField * STRIDE + 3]);
  if (protocol.toLowerCase() !== 'websocket') return false;
  for (let i = 0; i < count; i++) {
    if (ranges[i * STRIDE + 1]! - ranges[i * STRIDE]! !== 17) continue;
    if (bytes.latin1Slice(ranges[i * STRIDE], ranges[i * STRIDE + 1]) === 'sec-websocket-key') return false;
  }
  return true;
}

/** Targets that are not of origin form; seldom. */
function refuseTarget(bytes: Buffer, scan: HeadScanner, isConnect: boolean, lenient: boolean): string | undefined {
  const target = bytes.latin1Slice(scan.methodEnd + 1, scan.targetEnd);
  const host =
    scan.hostField === -1
      ? undefined
      : bytes.latin1Slice(scan.ranges[scan.hostField * STRIDE + 2], scan.ranges[scan.hostField * STRIDE + 3]);
  if (isConnect) {
    if (!/^(\[[0-9a-fA-F:.]+\]|[^\s/?#@[\]:]+):\d{1,5}$/.test(target)) return 'CONNECT needs host:port';
    return host === undefined || sameAuthority(target, host, undefined) ? undefined : 'Host differs from the authority';
  }
  if (target === '*') {
    return lenient || isMethod(bytes, scan, 'OPTIONS') ? undefined : 'only OPTIONS may ask for *';
  }
  const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(?:\/|$)/.exec(target);
  if (absolute === null) return 'invalid request target';
  const authority = absolute[2]!;
  if (authority === '' || authority.startsWith(':')) return 'empty authority in the request target';
  // RFC 9110 4.2.4: user information in an http URI is a trap.
  if (authority.includes('@')) return 'user information in the request target';
  // RFC 9112 3.2.2 says the target wins; a server behind us may think otherwise, so they have to agree.
  if (host !== undefined && !sameAuthority(authority, host, absolute[1]!.toLowerCase())) {
    return 'Host differs from the request target';
  }
  return undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ws: '80', wss: '443' };

function sameAuthority(a: string, b: string, scheme: string | undefined): boolean {
  const port = scheme === undefined ? undefined : DEFAULT_PORTS[scheme];
  const plain = (text: string): string => {
    const lower = text.toLowerCase();
    if (port !== undefined && lower.endsWith(`:${port}`)) return lower.slice(0, -port.length - 1);
    return lower.endsWith(':') ? lower.slice(0, -1) : lower;
  };
  if (plain(a) === plain(b)) return true;
  // CONNECT h:443 with `Host: h` or `Host: h:443`.
  return scheme === undefined && plain(a) === `${plain(b)}:443`;
}

/** The target of an absolute-form request without its default port, as HAProxy forwards it; undefined if it stays. */
export function withoutDefaultPort(target: string): string | undefined {
  const match = /^(http:\/\/[^/?#]*):(?:80)?(?=[/?#]|$)|^(https:\/\/[^/?#]*):(?:443)?(?=[/?#]|$)/i.exec(target);
  if (match === null) return undefined;
  return (match[1] ?? match[2]!) + target.slice(match[0].length);
}

/** Whether the client asks to switch protocols: an Upgrade field that its Connection field names. */
export function wantsUpgrade(scan: HeadScanner): boolean {
  return scan.upgradeField !== -1 && (scan.connection & CONNECTION_UPGRADE) !== 0;
}
