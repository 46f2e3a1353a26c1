/** What may stand in a record. */
export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data };

/**
 * Makes a small MaxMind DB for tests: networks of IPv4 and what is known of them. MaxMind DB File Format Specification 2.0: a
 * search tree of 24-bit records, 16 zero bytes, the data, a marker and the metadata.
 */
export function makeDatabase(networks: Readonly<Record<string, Data>>): Buffer {
  const root: Node = [undefined, undefined];
  const pieces: Buffer[] = [];
  let size = 0;
  for (const [network, data] of Object.entries(networks)) {
    const bytes = encode(data);
    insert(root, network, size);
    pieces.push(bytes);
    size += bytes.length;
  }
  const nodes: Node[] = [];
  number(root, nodes);
  const indexes = new Map(nodes.map((node, index) => [node, index]));
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, node] of nodes.entries()) {
    for (const side of [0, 1] as const) {
      const to = node[side];
      // A record that is the number of nodes means nothing; beyond it lies the data, 16 bytes further.
      const record =
        to === undefined ? nodes.length : typeof to === 'number' ? nodes.length + 16 + to : indexes.get(to)!;
      tree.writeUIntBE(record, index * 6 + side * 3, 3);
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: { en: 'Made by a test' },
    ip_version: 4,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  });
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);
  return Buffer.concat([tree, Buffer.alloc(16), ...pieces, marker, metadata]);
}

/** A branch for each value of one bit: another node, the place of data, or nothing. */
type Node = [zero: Node | number | undefined, one: Node | number | undefined];

function insert(root: Node, network: string, place: number): void {
  const [address = '', length = '32'] = network.split('/');
  const bits = address
    .split('.')
    .map(Number)
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, Number(length));
  let node = root;
  for (let index = 0; index < bits.length; index++) {
    const side = bits[index] === '1' ? 1 : 0;
    if (index === bits.length - 1) {
      node[side] = place;
      return;
    }
    const next = node[side];
    if (typeof next === 'number') throw new Error(`${network} lies in another network`);
    node = node[side] = next ?? [undefined, undefined];
  }
}

function number(node: Node, nodes: Node[]): void {
  nodes.push(node);
  for (const next of node) if (typeof next === 'object') number(next, nodes);
}

/** Types: 2 string, 6 unsigned 32 bits, 7 map, 11 array, 14 boolean; those beyond 7 are written in a byte of their own. */
function encode(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.concat([control(2, Buffer.byteLength(data)), Buffer.from(data)]);
  if (typeof data === 'boolean') return control(14, data ? 1 : 0);
  if (typeof data === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(data);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (isList(data)) return Buffer.concat([control(11, data.length), ...data.map(encode)]);
  const entries = Object.entries(data);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, value]) => [encode(key), encode(value)]),
  ]);
}

function isList(data: Data): data is readonly Data[] {
  return Array.isArray(data);
}

function control(type: number, size: number): Buffer {
  if (size > 28) throw new Error('this maker writes short things only');
  return Buffer.from(type <= 7 ? [(type << 5) | size] : [size, type - 7]);
}
