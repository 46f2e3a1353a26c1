import type { Fields } from './fields.ts';
import type { WireMessage } from './message-parser.ts';

/** What a PROXY protocol header in front of a connection said. */
export interface SeenProxyHeader {
  readonly version: 1 | 2;
  /** `local`: the connection speaks for itself (health checks). */
  readonly command: 'proxy' | 'local';
  readonly source: { readonly host: string; readonly port: number } | undefined;
  readonly destination: { readonly host: string; readonly port: number } | undefined;
  /** The header's bytes. */
  readonly raw: Buffer;
}

/** A request as an origin saw it. */
export class SeenRequest {
  readonly method: string;
  /** The request target as it stands on the request line. */
  readonly url: string;
  /** `1.1` */
  readonly version: string;
  readonly headers: Fields;
  readonly trailers: Fields;
  readonly body: Buffer;
  /** The chunks it came in; undefined for a body that is not chunked. */
  readonly chunks: readonly Buffer[] | undefined;
  /** The head as it came, byte for byte, up to and with the empty line; a byte string. */
  readonly rawHead: string;
  /** False where the connection ended in the middle of it. */
  readonly complete: boolean;
  /** The connection it came on, from 1, and its place on that connection, from 1. */
  readonly connection: number;
  readonly place: number;
  readonly proxyHeader: SeenProxyHeader | undefined;

  constructor(message: WireMessage, connection: number, place: number, proxyHeader: SeenProxyHeader | undefined) {
    const [method = '', url = '', protocol = ''] = message.startLine.split(' ');
    this.method = method;
    this.url = url;
    this.version = protocol.replace(/^HTTP\//, '');
    this.headers = message.headers;
    this.trailers = message.trailers;
    this.body = message.body;
    this.chunks = message.chunks;
    this.rawHead = message.rawHead;
    this.complete = message.complete;
    this.connection = connection;
    this.place = place;
    this.proxyHeader = proxyHeader;
  }

  /** The path of {@link url}, without the query. */
  get path(): string {
    return this.url.split('?', 1)[0]!;
  }

  /** The body in UTF-8. */
  get text(): string {
    return this.body.toString('utf8');
  }

  json(): unknown {
    return JSON.parse(this.text);
  }
}
