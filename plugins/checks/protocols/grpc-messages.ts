import protobuf from 'protobufjs/light.js';

/** grpc.health.v1, https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto */
const { Root } = protobuf;
const root = Root.fromJSON({
  nested: {
    HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
    HealthCheckResponse: { fields: { status: { type: 'ServingStatus', id: 1 } } },
    ServingStatus: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } },
  },
});
const request = root.lookupType('HealthCheckRequest');
const response = root.lookupType('HealthCheckResponse');
const statuses = root.lookupEnum('ServingStatus');

/** A message with the prefix of gRPC: not compressed, and its length. */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export function encodeRequest(service: string): Buffer {
  return framed(request.encode({ service }).finish());
}

/** The status in a response, by number and by name; undefined where the bytes are no such message. */
export function decodeResponse(bytes: Buffer): { readonly status: number; readonly name: string } | undefined {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.length < 5 + bytes.readUInt32BE(1)) return undefined;
  try {
    const message = response.decode(bytes.subarray(5, 5 + bytes.readUInt32BE(1))) as unknown as { status: number };
    return { status: message.status, name: statuses.valuesById[message.status] ?? `status ${message.status}` };
  } catch {
    return undefined;
  }
}
