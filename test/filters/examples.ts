import type { Filter, FilterFlow, FilterSide, Plugin, Verdict } from '../../core/api/index.ts';

/** The three filters of the plugin guide, and one that answers. */

/** What `filter count` has counted, in the order in which streams ended. */
export interface Counted {
  request: number;
  response: number;
  ends: string[];
  trailers: string;
  cause: string;
}
export const counted: Counted[] = [];

/** Counts bytes: sees all and changes nothing. */
function count(): Filter {
  const seen: Counted = { request: 0, response: 0, ends: [], trailers: '', cause: '' };
  const data = (chunk: Buffer, flow: FilterFlow): Buffer => {
    seen[flow.direction] += chunk.length;
    return chunk;
  };
  const side: FilterSide = {
    head(flow) {
      seen.ends.push(`${flow.direction} head ${flow.length ?? '?'}${flow.ended ? ' all' : ''}`);
    },
    data,
    end(flow) {
      seen.ends.push(`${flow.direction} end`);
      if (flow.trailers.length > 0) seen.trailers = JSON.stringify(flow.trailers);
    },
    raw: data,
    rawEnd(flow) {
      seen.ends.push(`${flow.direction} raw end`);
    },
  };
  return {
    request: side,
    response: side,
    detach(cause) {
      seen.cause = cause;
      counted.push(seen);
    },
  };
}

/** Replaces a text, also where it lies over two chunks. */
class Replace implements FilterSide {
  readonly #from: string;
  readonly #to: string;
  #rest = '';

  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
  }

  head(flow: FilterFlow): void {
    if (flow.bodiless) flow.leave();
    else flow.resize();
  }

  data(chunk: Buffer): Buffer {
    const text = (this.#rest + chunk.latin1Slice()).replaceAll(this.#from, this.#to);
    // The beginning of a match may be at the end.
    let kept = Math.min(this.#from.length - 1, text.length);
    while (kept > 0 && !this.#from.startsWith(text.slice(text.length - kept))) kept--;
    this.#rest = text.slice(text.length - kept);
    return Buffer.from(text.slice(0, text.length - kept), 'latin1');
  }

  end(): Buffer {
    return Buffer.from(this.#rest, 'latin1');
  }

  raw(chunk: Buffer): Buffer {
    return this.data(chunk);
  }

  rawEnd(): Buffer {
    return this.end();
  }
}

/** Passes every piece later. */
function delay(milliseconds: number): FilterSide {
  const later = async (chunk: Buffer, flow: FilterFlow): Promise<Buffer> => {
    await flow.sleep(milliseconds);
    return chunk;
  };
  return { data: later, raw: later };
}

/** Looks at the whole request body, up to a word, before anything of it leaves; denies by that. */
function guard(word: string): Filter {
  let text = '';
  const held: Buffer[] = [];
  return {
    request: {
      head: (flow) => flow.hold(),
      data(chunk, flow): Verdict {
        held.push(chunk);
        text += chunk.latin1Slice();
        if (text.includes(word)) return 'deny';
        if (!text.includes('ok')) return undefined;
        for (const part of held.splice(0)) flow.write(part);
        flow.leave();
      },
      end(flow) {
        for (const part of held.splice(0)) flow.write(part);
      },
    },
  };
}

/** Throws or rejects where it is told to. */
function faulty(where: string): Filter | undefined {
  const fail = (): never => {
    throw new Error(`failed in ${where}`);
  };
  const reject = async (): Promise<never> => {
    await Promise.resolve();
    throw new Error(`failed in ${where}`);
  };
  if (where === 'attach') fail();
  const part = where.endsWith('-later') ? reject : fail;
  const [direction, method] = where.split('-') as ['request' | 'response', 'head' | 'data' | 'end'];
  return { [direction]: { [method]: part } };
}

export const examples: Plugin = {
  name: 'examples',
  api: 1,
  filters: {
    count: { usage: 'filter count', summary: 'Counts.', parse: () => ({ attach: count }) },
    replace: {
      usage: 'filter replace <direction> <from> <to>',
      summary: 'Replaces a text.',
      parse(words) {
        const direction = words.oneOf('a direction', ['request', 'response']);
        const [from, to] = [words.next('a text'), words.next('a text')];
        return { attach: () => ({ [direction]: new Replace(from, to) }) };
      },
    },
    delay: {
      usage: 'filter delay <time>',
      summary: 'Passes bytes later.',
      parse(words) {
        const time = words.time('a time');
        return { attach: () => ({ request: delay(time), response: delay(time) }) };
      },
    },
    guard: {
      usage: 'filter guard <word>',
      summary: 'Denies requests with a word in their body.',
      parse(words) {
        const word = words.next('a word');
        return { attach: () => guard(word) };
      },
    },
    faulty: {
      usage: 'filter faulty <where>',
      summary: 'Fails.',
      parse(words) {
        const where = words.next('a place');
        return { attach: () => faulty(where) };
      },
    },
  },
};
