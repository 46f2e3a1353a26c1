/** Writes databases in MaxMind's format (MaxMind DB File Format Specification 2.0), as small as tests need them. */
import { Ip } from 'sluice/agent';

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** @param networks by their prefix; those of IPv4 lie below ::/96, as in every such database. */
export function mmdb(networks: Readonly<Record<string, Value>>): Buffer {
  const nodes: [left: number, right: number][] = [[0, 0]];
  const data: Buffer[] = [];
  let dataSize = 0;
  // While the tree grows: 0 nothing, n > 0 node n, n < 0 the record at ~n.
  for (const [network, value] of Object.entries(networks)) {
    const [address, length] = network.split('/') as [string, string];
    const { bytes, family } = Ip.parse(address);
    const all = family === 4 ? Buffer.concat([Buffer.alloc(12), bytes]) : bytes;
    const depth = Number(length) + (family === 4 ? 96 : 0);
    let node = 0;
    for (let bit = 0; bit < depth; bit++) {
      const side = (all[bit >> 3]! >> (7 - (bit & 7))) & 1;
      if (bit === depth - 1) nodes[node]![side] = ~dataSize;
      else node = nodes[node]![side] ||= nodes.push([0, 0]) - 1;
    }
    const encoded = encode(value);
    data.push(encoded);
    dataSize += encoded.length;
  }
  const count = nodes.length;
  const tree = Buffer.alloc(count * 8);
  for (const [index, node] of nodes.entries())
    for (const side of [0, 1] as const) {
      const to = node[side];
      tree.writeUInt32BE(to === 0 ? count : to > 0 ? to : count + 16 + ~to, index * 8 + side * 4);
    }
  const metadata = encode({
    node_count: count,
    record_size: 32,
    ip_version: 6,
    database_type: 'Test',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    description: { en: 'test' },
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'), metadata]);
}

const [STRING, DOUBLE, UINT32, MAP, ARRAY, BOOLEAN] = [2, 3, 6, 7, 11, 14];

function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(STRING, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(BOOLEAN, value ? 1 : 0);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(Number.isInteger(value) ? 4 : 8);
    if (Number.isInteger(value)) bytes.writeUInt32BE(value);
    else bytes.writeDoubleBE(value);
    return Buffer.concat([control(Number.isInteger(value) ? UINT32 : DOUBLE, bytes.length), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...(value as Value[]).map(encode)]);
  const entries = Object.entries(value as Readonly<Record<string, Value>>);
  return Buffer.concat([control(MAP, entries.length), ...entries.flatMap(([key, one]) => [encode(key), encode(one)])]);
}

/** Type and size (below 285); types above 7 have a byte of their own behind. */
function control(type: number, size: number): Buffer {
  const head = type > 7 ? [0, type - 7] : [type << 5];
  head[0] = head[0]! | Math.min(size, 29);
  return Buffer.from(size >= 29 ? [...head, size - 29] : head);
}
