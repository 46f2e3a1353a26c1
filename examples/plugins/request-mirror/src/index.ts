import {
  definePlugin,
  type Extension,
  type Filter,
  type FilterFactory,
  type Plugin,
  type Transaction,
} from 'sluice/plugin';
import { type Copy, Sender } from './sender.ts';

/** Where copies go, and how much of a body is kept for them; known once the plugin has been set up. */
interface Mirror {
  sender: Sender | undefined;
  bodyLimit: number;
  /** Behind every `filter mirror` line. It is `late`: requests that are not mirrored have no filter, and pay nothing. */
  readonly factory: FilterFactory;
}
const MIRROR: Extension<Mirror> = { name: 'request-mirror', create: makeMirror };

function makeMirror(): Mirror {
  const mirror: Mirror = {
    sender: undefined,
    bodyLimit: 0,
    factory: {
      late: true,
      attach(transaction) {
        const copy = transaction.peek<Held>(COPY)?.copy;
        const { sender, bodyLimit } = mirror;
        return copy === undefined || sender === undefined ? undefined : collector(sender, copy, bodyLimit);
      },
    },
  };
  return mirror;
}

/** The copy of a transaction, while its body is still coming. */
const COPY = Symbol('request-mirror: copy');
interface Held {
  copy: Copy | undefined;
}

/** Fields that are about one connection, RFC 9110 7.6.1, and those that Node sets by itself. */
const OWN = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
]);

/** The request as it is now; before any rule has changed it, if this is asked in a hook placed `pre`. */
function copyOf({ request }: Transaction): Copy | undefined {
  if (request === undefined || request.method === 'CONNECT') return undefined;
  const headers: string[] = [];
  for (let index = 0; index < request.headers.size; index++) {
    const name = request.headers.nameAt(index);
    if (!OWN.has(name)) headers.push(name, request.headers.valueAt(index));
  }
  return { method: request.method, uri: request.uri, headers: [...headers, 'x-mirrored', '1'] };
}

/** Keeps what passes, up to a limit, and lets it pass. A request with a longer body is not mirrored. */
function collector(sender: Sender, copy: Copy, limit: number): Filter {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    request: {
      data(chunk, flow) {
        size += chunk.length;
        if (size > limit) {
          chunks.length = 0;
          sender.left++;
          flow.leave();
        } else chunks.push(chunk);
        return chunk;
      },
      end() {
        if (size <= limit) sender.send(copy, chunks);
      },
    },
  };
}

const plugin: Plugin = definePlugin({
  name: 'request-mirror',
  api: 1,
  options: {
    to: { type: 'string', summary: 'Where copies go: host:port.', required: true },
    percent: {
      type: 'integer',
      summary: 'How many requests of a hundred are mirrored.',
      default: 100,
      min: 0,
      max: 100,
    },
    'body-limit': { type: 'size', summary: 'Requests with longer bodies are not mirrored.', default: 65_536 },
    'in-flight': {
      type: 'integer',
      summary: 'Copies under way at the most; others are left out.',
      default: 100,
      min: 1,
    },
    timeout: { type: 'time', summary: 'How long the answer to a copy may take.', default: 5000, min: 1 },
  },
  filters: {
    mirror: {
      usage: 'mirror',
      summary: 'Sends a copy of each request of this proxy to the server of the option `to`.',
      parse(_words, scope) {
        // One for all lines: the hook attaches it by itself.
        return scope.global.extension(MIRROR).factory;
      },
    },
  },
  setup({ options, global, log }) {
    const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(options.to) ?? [];
    if (host === '') throw new Error(`'to' expects host:port, got '${options.to}'`);
    const sender = new Sender({ host, port: Number(port) }, options['in-flight'], options.timeout);
    const mirror = global.extension(MIRROR);
    mirror.sender = sender;
    mirror.bodyLimit = options['body-limit'];
    const { percent } = options;
    return {
      hooks: {
        request: {
          // The copy is what the client sent: rules come afterwards.
          order: 'pre',
          handler(transaction) {
            if (percent < 100 && Math.random() * 100 >= percent) return;
            if (!sender.free) {
              sender.left++;
              return;
            }
            transaction.data<Held>(COPY, () => ({ copy: undefined })).copy = copyOf(transaction);
            // Nothing happens where the proxy has no such line.
            transaction.attachFilter(mirror.factory);
          },
        },
      },
      stop() {
        sender.close();
        const { sent, left, failed } = sender;
        log.info(
          { sent, left, failed },
          `${sent} requests were mirrored, ${failed} of them in vain, ${left} were left out`,
        );
      },
    };
  },
});
export default plugin;
