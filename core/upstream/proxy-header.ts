import type { Endpoint, Transaction } from '../api/index.ts';
import type { ProxyEnds, Tlv } from '../net/proxy-protocol.ts';
import { TLV_TYPES, writeProxyV1, writeProxyV2 } from '../net/proxy-protocol-writer.ts';
import type { UpstreamServer } from './server.ts';

/** The PROXY protocol header that a server wants first on each connection; undefined when it wants none. */
export function encodeProxyHeader(server: UpstreamServer, transaction: Transaction): Buffer | undefined {
  const { sendProxy, proxyV2Options, proxyV2Tlvs } = server.config;
  if (sendProxy === undefined) return undefined;
  const { source, destination } = transaction.connection;
  const ends = endsOf(source, destination);
  if (sendProxy === 1) return Buffer.from(writeProxyV1(ends), 'latin1');
  const tlvs: Tlv[] = proxyV2Tlvs.map(({ id, format }) => ({
    type: id,
    value: Buffer.from(format.evaluate(transaction), 'latin1'),
  }));
  const { uniqueId } = transaction;
  if (proxyV2Options.has('unique-id') && uniqueId !== undefined) {
    tlvs.push({ type: TLV_TYPES.uniqueId, value: Buffer.from(uniqueId, 'latin1') });
  }
  return writeProxyV2(ends, { tlvs, crc32c: proxyV2Options.has('crc32c') });
}

function endsOf(source: Endpoint, destination: Endpoint): ProxyEnds | undefined {
  if (source.family === 'unix' || destination.family === 'unix') return undefined;
  return {
    family: source.family === 4 && destination.family === 4 ? 4 : 6,
    source: source.address,
    sourcePort: source.port,
    destination: destination.address,
    destinationPort: destination.port,
  };
}
