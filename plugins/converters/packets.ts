import { type IpAddress, type Value, ipAddress, pure } from 'sluice/plugin';
import { type ConverterTable, converter, simple } from './define.ts';

/** Where the payload of an Ethernet frame begins: behind the type, and any 802.1Q and 802.1ad tags before it. */
function ethernetHeader(frame: Buffer): number | undefined {
  let at = 12;
  while (frame.length >= at + 2) {
    const type = frame.readUInt16BE(at);
    if (type !== 0x8100 && type !== 0x88a8) return at + 2;
    at += 4;
  }
  return undefined;
}

const etherType = (frame: Buffer): number | undefined => {
  const end = ethernetHeader(frame);
  return end === undefined ? undefined : frame.readUInt16BE(end - 2);
};

/** The innermost VLAN number. */
function vlan(frame: Buffer): number | undefined {
  const end = ethernetHeader(frame);
  return end === undefined || end === 14 ? undefined : frame.readUInt16BE(end - 4) & 0xfff;
}

interface IpHeader {
  readonly version: 4 | 6;
  /** The header with its options or extensions. */
  readonly length: number;
  readonly protocol: number;
  readonly bytes: Buffer;
}

/** IPv6 extension headers that only say where the next one is: RFC 8200 section 4. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);

/** The IP header of a packet, or of the Ethernet frame around it. */
function ipHeader(input: Buffer): IpHeader | undefined {
  const start = ethernetHeader(input);
  const type = start === undefined ? undefined : input.readUInt16BE(start - 2);
  const bytes = start !== undefined && (type === 0x0800 || type === 0x86dd) ? input.subarray(start) : input;
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) {
    const length = (bytes[0]! & 15) * 4;
    return length < 20 || bytes.length < length ? undefined : { version, length, protocol: bytes[9]!, bytes };
  }
  if (version !== 6 || bytes.length < 40) return undefined;
  let [length, protocol] = [40, bytes[6]!];
  while (EXTENSIONS.has(protocol)) {
    if (bytes.length < length + 2) return undefined;
    protocol = bytes[length]!;
    length += (bytes[length + 1]! + 1) * 8;
  }
  return bytes.length < length ? undefined : { version, length, protocol, bytes };
}

const ofIp =
  (get: (header: IpHeader) => Value | undefined) =>
  (input: Buffer): Value | undefined => {
    const header = ipHeader(input);
    return header && get(header);
  };

const timeToLive = ({ version, bytes }: IpHeader): number => bytes[version === 4 ? 8 : 7]!;
const typeOfService = ({ version, bytes }: IpHeader): number =>
  version === 4 ? bytes[1]! : ((bytes[0]! & 15) << 4) | (bytes[1]! >> 4);
const dontFragment = ({ version, bytes }: IpHeader): number => (version === 4 ? (bytes[6]! >> 6) & 1 : 1);
const source = ({ version, bytes }: IpHeader): IpAddress =>
  ipAddress(version === 4 ? bytes.subarray(12, 16) : bytes.subarray(8, 24));
const destination = ({ version, bytes }: IpHeader): IpAddress =>
  ipAddress(version === 4 ? bytes.subarray(16, 20) : bytes.subarray(24, 40));

const isTcp = (bytes: Buffer): boolean => bytes.length >= 20 && bytes[12]! >> 4 >= 5;
const tcpLength = (bytes: Buffer): number => (bytes[12]! >> 4) * 4;

interface Option {
  readonly kind: number;
  readonly data: Buffer;
}

/** RFC 9293 section 3.1: a kind, and for all but padding a length that counts both. */
function tcpOptions(bytes: Buffer): Option[] {
  const options: Option[] = [];
  const end = Math.min(bytes.length, tcpLength(bytes));
  for (let at = 20; at < end && bytes[at] !== 0;) {
    const kind = bytes[at]!;
    const length = kind === 1 ? 1 : (bytes[at + 1] ?? 0);
    if (length < 1 || (kind !== 1 && length < 2) || at + length > end) break;
    options.push({ kind, data: bytes.subarray(at + 2, at + length) });
    at += length;
  }
  return options;
}

const MSS = 2;
const WINDOW_SCALE = 3;
const SACK = 4;
const TIMESTAMP = 8;

const option = (bytes: Buffer, kind: number): Buffer | undefined =>
  tcpOptions(bytes).find((one) => one.kind === kind)?.data;
const maximumSegment = (bytes: Buffer): number => {
  const data = option(bytes, MSS);
  return data && data.length >= 2 ? data.readUInt16BE() : 0;
};
const optionKinds = (bytes: Buffer): Buffer => Buffer.from(tcpOptions(bytes).map((one) => one.kind));

const ofTcp =
  (get: (bytes: Buffer) => Value | undefined) =>
  (bytes: Buffer): Value | undefined =>
    isTcp(bytes) ? get(bytes) : undefined;

/** What stays the same in all packets of one host; the layout is the manual's. */
function fingerprint(input: Buffer, mode: number): Buffer | undefined {
  const ip = ipHeader(input);
  const tcp = ip?.bytes.subarray(ip.length);
  if (!ip || ip.protocol !== 6 || !tcp || !isTcp(tcp)) return undefined;
  const ttl = timeToLive(ip);
  const hops = ttl <= 32 ? 0 : ttl <= 64 ? 1 : ttl <= 128 ? 2 : 3;
  const total = ip.version === 4 ? ip.bytes.readUInt16BE(2) : 40 + ip.bytes.readUInt16BE(4);
  const scale = option(tcp, WINDOW_SCALE)?.[0];
  const kinds = optionKinds(tcp);
  const result: Buffer = Buffer.alloc(8);
  result[0] = typeOfService(ip);
  result[1] =
    (ip.version === 6 ? 128 : 0) |
    (dontFragment(ip) << 6) |
    (hops << 4) |
    (ip.length > (ip.version === 4 ? 20 : 40) ? 8 : 0) |
    (total > ip.length + tcpLength(tcp) ? 4 : 0) |
    (tcp[13]! >> 6);
  result[2] = ((tcp[12]! >> 4) << 4) | (scale === undefined ? 0 : Math.min(15, scale + 1));
  tcp.copy(result, 3, 14, 16);
  result.writeUInt16BE(maximumSegment(tcp), 5);
  for (const kind of kinds) {
    if (kind >= 2 && kind <= 8) result[7]! |= 1 << (kind - 2);
    else if (kind > 8) result[7]! |= 128;
  }
  const parts: Buffer[] = [result];
  if (mode & 1) parts.push(Buffer.of(ttl));
  if (mode & 2) parts.push(kinds);
  if (mode & 4) parts.push(Buffer.from(source(ip).bytes));
  return Buffer.concat(parts);
}

/** Headers of packets, as a saved SYN has them. configuration.txt 7.3.1. */
export const packetConverters: ConverterTable = {
  ...simple('eth.hdr', 'bin => bin', 'The header of an Ethernet frame.', (frame: Buffer) => {
    const end = ethernetHeader(frame);
    return end === undefined ? undefined : frame.subarray(0, end);
  }),
  ...simple('eth.data', 'bin => bin', 'What an Ethernet frame carries.', (frame: Buffer) => {
    const end = ethernetHeader(frame);
    return end === undefined ? undefined : frame.subarray(end);
  }),
  ...simple('eth.dst', 'bin => bin', 'The address an Ethernet frame goes to.', (frame: Buffer) =>
    frame.length < 14 ? undefined : frame.subarray(0, 6),
  ),
  ...simple('eth.src', 'bin => bin', 'The address an Ethernet frame comes from.', (frame: Buffer) =>
    frame.length < 14 ? undefined : frame.subarray(6, 12),
  ),
  ...simple('eth.proto', 'bin => sint', 'The protocol an Ethernet frame carries.', etherType),
  ...simple('eth.vlan', 'bin => sint', 'The VLAN of an Ethernet frame.', vlan),
  ...simple(
    'ip.hdr',
    'bin => bin',
    'The IP header.',
    ofIp(({ bytes, length }) => bytes.subarray(0, length)),
  ),
  ...simple(
    'ip.data',
    'bin => bin',
    'What an IP packet carries.',
    ofIp(({ bytes, length }) => bytes.subarray(length)),
  ),
  ...simple('ip.df', 'bin => sint', 'Whether an IP packet must not be cut: 1 or 0.', ofIp(dontFragment)),
  ...simple('ip.dst', 'bin => addr', 'The address an IP packet goes to.', ofIp(destination)),
  ...simple('ip.src', 'bin => addr', 'The address an IP packet comes from.', ofIp(source)),
  ...simple(
    'ip.proto',
    'bin => sint',
    'The protocol an IP packet carries.',
    ofIp(({ protocol }) => protocol),
  ),
  ...simple('ip.tos', 'bin => sint', 'The type of service of an IP packet.', ofIp(typeOfService)),
  ...simple('ip.ttl', 'bin => sint', 'How far an IP packet may still go.', ofIp(timeToLive)),
  ...simple(
    'ip.ver',
    'bin => sint',
    'The version of IP: 4 or 6.',
    ofIp(({ version }) => version),
  ),
  ...converter('ip.fp', '[integer]', 'bin => bin', 'A fingerprint of the host behind an IP packet.', (args) => {
    const mode = args.integer(0, 0);
    return pure((value) => fingerprint(value as Buffer, mode));
  }),
  ...simple(
    'tcp.src',
    'bin => sint',
    'The port a segment comes from.',
    ofTcp((bytes) => bytes.readUInt16BE(0)),
  ),
  ...simple(
    'tcp.dst',
    'bin => sint',
    'The port a segment goes to.',
    ofTcp((bytes) => bytes.readUInt16BE(2)),
  ),
  ...simple(
    'tcp.seq',
    'bin => sint',
    "A segment's sequence number.",
    ofTcp((bytes) => bytes.readUInt32BE(4)),
  ),
  ...simple(
    'tcp.flags',
    'bin => sint',
    "A segment's flags, FIN to CWR.",
    ofTcp((bytes) => bytes[13]),
  ),
  ...simple(
    'tcp.win',
    'bin => sint',
    "A segment's window.",
    ofTcp((bytes) => bytes.readUInt16BE(14)),
  ),
  ...simple(
    'tcp.options.mss',
    'bin => sint',
    'The largest segment a peer takes, 0 if it does not say.',
    ofTcp(maximumSegment),
  ),
  ...simple(
    'tcp.options.sack',
    'bin => sint',
    'Whether a peer takes selective acknowledgements: 1 or 0.',
    ofTcp((bytes) => (option(bytes, SACK) ? 1 : 0)),
  ),
  ...simple(
    'tcp.options.tsopt',
    'bin => sint',
    'Whether a peer sends timestamps: 1 or 0.',
    ofTcp((bytes) => (option(bytes, TIMESTAMP) ? 1 : 0)),
  ),
  ...simple(
    'tcp.options.tsval',
    'bin => sint',
    "A peer's timestamp.",
    ofTcp((bytes) => {
      const data = option(bytes, TIMESTAMP);
      return data && data.length >= 4 ? data.readUInt32BE() : undefined;
    }),
  ),
  ...simple(
    'tcp.options.wscale',
    'bin => sint',
    "The scale of a peer's window, 0 if it does not say.",
    ofTcp((bytes) => option(bytes, WINDOW_SCALE)?.[0] ?? 0),
  ),
  ...simple(
    'tcp.options.wsopt',
    'bin => sint',
    'Whether a peer scales its window: 1 or 0.',
    ofTcp((bytes) => (option(bytes, WINDOW_SCALE) ? 1 : 0)),
  ),
  ...simple('tcp.options_list', 'bin => bin', 'The kinds of options a segment has, one byte each.', ofTcp(optionKinds)),
};
