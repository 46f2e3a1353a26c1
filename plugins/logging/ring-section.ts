import type { SectionKeyword, SectionReader, Words } from 'sluice/plugin';
import type { RingServer } from './ring-forwarder.ts';
import { HEADER_FORMATS, type HeaderFormat } from './syslog.ts';
import { parseStreamAddress } from './target.ts';

/** A finished `ring` section. */
export interface RingSection {
  readonly name: string;
  readonly format: HeaderFormat;
  /** Bytes of a message at the most. */
  readonly maxlen: number;
  readonly size: number;
  readonly servers: readonly RingServer[];
  readonly connectTimeout: number;
  readonly serverTimeout: number;
}

/** HAProxy's buffer: no ring is smaller. */
export const RING_SIZE = 16_384;
const MAXLEN = 1024;

export const ring: SectionKeyword = {
  usage: 'ring <name>',
  summary: 'A buffer of messages in memory, and the servers they are sent to over TCP.',
  named: true,
  open(name: string): SectionReader {
    const servers: RingServer[] = [];
    let format: HeaderFormat = 'raw';
    let maxlen = MAXLEN;
    let size = RING_SIZE;
    let [connectTimeout, serverTimeout] = [0, 0];
    let warn = (_message: string): void => {};
    const remember = (words: Words): void => {
      warn = (message) => words.warn(message);
    };
    return {
      directives: {
        'backing-file': (words) => words.fail(`'backing-file' is not built: the ring is kept in memory`),
        description: (words) => void words.next('a description'),
        format: (words) => void (format = words.oneOf('a log format', HEADER_FORMATS)),
        maxlen: (words) => {
          remember(words);
          maxlen = words.integer('a length', { min: 1 });
        },
        server: (words) => void servers.push(readServer(words)),
        size: (words) => {
          remember(words);
          const wanted = words.size('a size', { min: 1, max: 1 << 30 });
          if (wanted < size)
            words.warn(`ignoring new size '${wanted}' that is smaller than current size '${size}' for ring '${name}'.`);
          else size = wanted;
        },
        timeout: (words) => {
          const which = words.oneOf("'connect' or 'server'", ['connect', 'server']);
          const time = words.time('a timeout');
          if (which === 'connect') connectTimeout = time;
          else serverTimeout = time;
        },
      },
      close(): RingSection {
        if (maxlen > size) {
          warn(`ring '${name}' event max length '${maxlen}' exceeds size, forced to size '${size}'.`);
          maxlen = size;
        }
        return { name, format, maxlen, size, servers, connectTimeout, serverTimeout };
      },
    };
  },
};

function readServer(words: Words): RingServer {
  const name = words.next('a name');
  const text = words.next('an address');
  const to = parseStreamAddress(text, words);
  let framing: RingServer['framing'] = 'newline';
  while (words.remaining > 0) {
    const word = words.next('a keyword');
    if (word === 'log-proto') {
      framing =
        words.oneOf("'octet-count' or 'legacy'", ['octet-count', 'legacy']) === 'legacy' ? 'newline' : 'octet-count';
    } else words.fail(`'${word}' is not built for the servers of a ring: they know 'log-proto' only`);
  }
  return { name, to, framing };
}
