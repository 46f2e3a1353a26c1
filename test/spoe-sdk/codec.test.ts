import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  CodecError,
  encodeString,
  formatFrame,
  FRAME,
  FrameSplitter,
  int32,
  int64,
  Ip,
  readAgentHello,
  readDisconnect,
  readHaproxyHello,
  SpopReader,
  SpopWriter,
  STATUS,
  stringBytes,
  uint32,
  uint64,
  writeAgentHello,
  writeDisconnect,
  writeHaproxyHello,
  type SpopInput,
  type TextCoding,
} from 'sluice/agent';

const hex = (write: (writer: SpopWriter) => void, coding: TextCoding = 'utf8'): string => {
  const writer = new SpopWriter(coding);
  write(writer);
  return writer.bytes().toString('hex');
};
const over = (bytes: string | Buffer, coding: TextCoding = 'utf8'): SpopReader => {
  const reader = new SpopReader(coding);
  reader.payload(typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes);
  return reader;
};

/** Unsigned values at both sides of every length, and the ends of the types. */
const VARINTS: readonly (readonly [value: bigint, bytes: string])[] = [
  [0n, '00'],
  [239n, 'ef'],
  [240n, 'f000'],
  [255n, 'ff00'],
  [2287n, 'ff7f'],
  [2288n, 'f08000'],
  [264_431n, 'ffff7f'],
  [264_432n, 'f0808000'],
  [33_818_863n, 'ffffff7f'],
  [33_818_864n, 'f080808000'],
  [4_328_786_159n, 'ffffffff7f'],
  [4_328_786_160n, 'f08080808000'],
  [2n ** 53n - 1n, 'fff0fefefefefe7e'],
  [2n ** 64n - 1n, 'fff0fefefefefefefe0e'],
  [2n ** 64n - 5n, 'fbf0fefefefefefefe0e'],
];

/** The definition in SPOE.txt 3.1, digit by digit. */
function peers(value: bigint): string {
  const out: number[] = [];
  if (value < 240n) out.push(Number(value));
  else {
    out.push(Number(value & 15n) | 240);
    let rest = (value - 240n) >> 4n;
    while (rest >= 128n) {
      out.push(Number(rest & 127n) | 128);
      rest = (rest - 128n) >> 7n;
    }
    out.push(Number(rest));
  }
  return Buffer.from(out).toString('hex');
}

describe('varints', () => {
  it.each(VARINTS)('%s is %s', (value, bytes) => {
    expect(hex((writer) => writer.varint(value))).toBe(bytes);
    expect(BigInt(over(bytes).varint())).toBe(value);
    if (value < 2n ** 53n) {
      expect(hex((writer) => writer.varint(Number(value)))).toBe(bytes);
      expect(over(bytes).varint()).toBe(Number(value));
      expect(over(bytes).unsigned()).toBe(Number(value));
    } else expect(() => over(bytes).unsigned()).toThrow(CodecError);
  });

  it('are as the specification defines them, whatever the value', () => {
    const around = fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.bigInt({ min: -300n, max: 300n }))
      .map(([power, near]) => BigInt.asUintN(64, 2n ** BigInt(power) + near));
    fc.assert(
      fc.property(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), around), (value) => {
        const bytes = peers(value);
        expect(hex((writer) => writer.varint(value))).toBe(bytes);
        if (value < 2n ** 53n) expect(hex((writer) => writer.varint(Number(value)))).toBe(bytes);
        expect(BigInt(over(bytes).varint())).toBe(value);
        expect(BigInt(over(bytes).varint(true))).toBe(BigInt.asIntN(64, value));
      }),
      { numRuns: 2000 },
    );
  });

  it('of negative numbers are 64 bits in two’s complement', () => {
    expect(hex((writer) => writer.varint(-1))).toBe('fff0fefefefefefefe0e');
    expect(hex((writer) => writer.varint(-5))).toBe('fbf0fefefefefefefe0e');
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = hex((writer) => writer.varint(value));
        expect(bytes).toBe(peers(BigInt.asUintN(64, BigInt(value))));
        expect(over(bytes).varint(true)).toBe(value);
      }),
    );
  });

  it('refuse what is no integer of 64 bits', () => {
    const writer = new SpopWriter();
    for (const value of [0.5, 239.5, Number.NaN, Infinity, 2 ** 53, -(2 ** 53), 2n ** 64n, -(2n ** 63n) - 1n])
      expect(() => writer.varint(value), String(value)).toThrow(RangeError);
    for (const bytes of ['', 'f0', 'ffff', 'fff0fefefefefefefe', 'fff0fefefefefefefe0f', 'ffffffffffffffffffff01'])
      expect(() => over(bytes).varint(), bytes).toThrow(CodecError);
  });
});

describe('values', () => {
  interface Row {
    readonly value: SpopInput;
    readonly bytes: string;
    readonly back?: unknown;
  }
  const row = (value: SpopInput, bytes: string, back: unknown = value): Row => ({ value, bytes, back });
  const VALUES = [
    row(null, '00'),
    row(undefined, '00', null),
    row(true, '11'),
    row(false, '01'),
    row(int32(7), '0207', 7),
    row(int32(-5), '02fbf0fefefefefefefe0e', -5),
    row(uint32(4_294_967_295), '03fff0fefe7e', 4_294_967_295),
    row(0, '0400'),
    row(-1, '04fff0fefefefefefefe0e'),
    row(int64(2n ** 63n - 1n), '04fff0fefefefefefefe06', 2n ** 63n - 1n),
    row(-(2n ** 63n), '04f0f1fefefefefefefe06'),
    row(2n ** 64n - 1n, '05fff0fefefefefefefe0e'),
    row(uint64(1), '0501', 1),
    row(Ip.parse('192.0.2.1'), '06c0000201'),
    row(Ip.parse('2001:db8::1'), '0720010db8000000000000000000000001'),
    row('', '0800'),
    row('abc', '0803616263'),
    row('é', '0802c3a9'),
    row(stringBytes(Buffer.from([0x41, 0xff])), '080241ff', 'A\ufffd'),
    row(Buffer.from([0, 255]), '090200ff'),
    row(Buffer.alloc(0), '0900'),
  ];

  it.each(VALUES)('$value is $bytes', ({ value, bytes, back }) => {
    expect(hex((writer) => writer.value(value))).toBe(bytes);
    const reader = over(bytes);
    expect(reader.value()).toEqual(back);
    expect(reader.type).toBe(Number.parseInt(bytes.slice(0, 2), 16) & 15);
    expect(reader.more).toBe(false);
    const skipping = over(bytes);
    skipping.skipValue();
    expect(skipping.more).toBe(false);
  });

  it('keep byte strings in latin1', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index)).toString('latin1');
    for (const text of [all, all.slice(120, 140), 'é']) {
      const bytes = hex((writer) => writer.str(text), 'latin1');
      expect(over(bytes, 'latin1').value()).toBe(text);
      expect(over(bytes.slice(2), 'latin1').bytes().toString('latin1')).toBe(text);
    }
  });

  it('keep any text in UTF-8, short and long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const bytes = hex((writer) => writer.str(text));
        expect(bytes).toBe(`08${peers(BigInt(Buffer.byteLength(text)))}${Buffer.from(text).toString('hex')}`);
        expect(over(bytes).value()).toBe(text);
        expect(encodeString(text).toString('hex')).toBe(bytes.slice(2));
      }),
    );
  });

  it('that SPOP cannot carry are refused', () => {
    const writer = new SpopWriter();
    for (const value of [1.5, 2 ** 60, 2n ** 64n]) expect(() => writer.value(value)).toThrow(RangeError);
    expect(() => int32(2 ** 31)).toThrow('does not fit int32');
    expect(() => uint32(-1)).toThrow(RangeError);
    expect(() => uint64(2n ** 64n)).toThrow(RangeError);
    expect(() => int64(0.5)).toThrow(RangeError);
    expect(() => new Ip(Buffer.alloc(5))).toThrow(RangeError);
  });

  it('of types that are not there are refused', () => {
    for (const bytes of ['0a', '0f', 'fa00', '06c00002', '07', '0805616263', '09ff', '08fff0fefefefefefefe0e', '']) {
      expect(() => over(bytes).value(), bytes).toThrow(CodecError);
      expect(() => over(bytes).skipValue(), bytes).toThrow(CodecError);
    }
  });
});

describe('IP addresses', () => {
  it.each([
    ['127.0.0.1', '7f000001'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ])('%s is %s', (text, bytes) => {
    expect(Ip.parse(text).bytes.toString('hex')).toBe(bytes);
    expect(String(new Ip(Buffer.from(bytes, 'hex')))).toBe(text);
  });

  it('come back from their text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const ip = Ip.parse(text);
        expect(Ip.parse(ip.toString()).equals(ip)).toBe(true);
      }),
    );
    for (const text of ['', '1.2.3', '1.2.3.4.5', 'fe80::1%lo', ':', 'host']) expect(Ip.tryParse(text)).toBeUndefined();
  });
});

describe('frames', () => {
  it('carry ids, messages and arguments', () => {
    const writer = new SpopWriter();
    writer.beginFrame(FRAME.NOTIFY, 0, 240);
    writer.beginMessage('check', 2);
    writer.argument('');
    writer.value(1);
    writer.argument('ip');
    writer.value(Ip.parse('::1'));
    expect(writer.endFrame()).toBe(writer.length - 4);
    expect(writer.bytes().subarray(0, 22).toString('hex')).toBe(
      '00000026 03 00000001 00 f000 05636865636b 02 000401'.replaceAll(' ', ''),
    );
    const reader = new SpopReader();
    reader.frame(writer.bytes(), 4);
    expect([reader.frameType, reader.flags, reader.streamId, reader.frameId]).toEqual([FRAME.NOTIFY, 1, 0, 240]);
    expect([reader.name(), reader.uint8(), reader.name(), reader.value(), reader.name()]).toEqual([
      'check',
      2,
      '',
      1,
      'ip',
    ]);
    expect(String(reader.value())).toBe('::1');
    expect(reader.more).toBe(false);
  });

  it('can be taken back and cut, one behind another', () => {
    const writer = new SpopWriter();
    const frame = (streamId: number): void => {
      writer.beginFrame(FRAME.ACK, streamId, 1);
      writer.setVar('txn', 'a');
      writer.value('x'.repeat(100));
    };
    frame(1);
    writer.endFrame();
    const one = writer.length;
    frame(2);
    writer.endFrame();
    writer.cancelFrame();
    expect(writer.length).toBe(one);
    frame(3);
    const cut = writer.frameLength;
    writer.unsetVar('sess', 'b');
    writer.truncateFrame(cut);
    writer.endFrame();
    expect(writer.length).toBe(2 * one);
    const taken = writer.take();
    frame(4);
    writer.endFrame();
    expect(writer.length).toBe(one);
    const seen: number[] = [];
    const reader = new SpopReader();
    const splitter = new FrameSplitter(1000, (buffer, start, end) => {
      reader.frame(buffer, start, end);
      seen.push(reader.streamId);
    });
    splitter.push(Buffer.concat([taken, writer.bytes()]));
    expect(seen).toEqual([1, 3, 4]);
    writer.reset();
    expect(writer.length).toBe(0);
  });

  it('grow beyond a slab, and what was taken stays', () => {
    const writer = new SpopWriter();
    writer.value('first');
    const first = writer.take();
    const text = 'y'.repeat(50_000);
    writer.beginFrame(FRAME.ACK, 1, 1);
    for (let i = 0; i < 5; i++) writer.value(text);
    expect(writer.endFrame()).toBe(writer.length - 4);
    expect(first.toString('latin1')).toBe('\x08\x05first');
    const reader = new SpopReader();
    reader.frame(writer.bytes(), 4);
    for (let i = 0; i < 5; i++) expect(reader.value()).toBe(text);
    expect(writer.bytes().readUInt32BE(0)).toBe(writer.length - 4);
  });

  it('are cut out of a stream wherever it is cut', () => {
    const writer = new SpopWriter();
    for (let i = 0; i < 20; i++) {
      writer.beginFrame(FRAME.ACK, i, 1);
      writer.value('z'.repeat(i * 30));
      writer.endFrame();
    }
    const stream = Buffer.from(writer.bytes());
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (steps) => {
        const seen: number[] = [];
        const reader = new SpopReader();
        const splitter = new FrameSplitter(700, (buffer, start, end) => {
          reader.frame(buffer, start, end);
          expect(reader.value()).toBe('z'.repeat(reader.streamId * 30));
          seen.push(reader.streamId);
        });
        for (let at = 0, step = 0; at < stream.length; step++) {
          const piece = Buffer.from(stream.subarray(at, at + steps[step % steps.length]!));
          at += piece.length;
          splitter.push(piece);
          piece.fill(0xee);
        }
        expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index));
        expect(splitter.partial).toBe(false);
      }),
    );
  });

  it('too large or too small are refused before they are kept', () => {
    const codeOf = (bytes: string, pieces: boolean): number => {
      const splitter = new FrameSplitter(1000, () => {});
      try {
        for (const piece of pieces ? bytes.match(/../g)! : [bytes]) splitter.push(Buffer.from(piece, 'hex'));
      } catch (error) {
        if (error instanceof CodecError) return error.code;
        throw error;
      }
      return 0;
    };
    for (const pieces of [true, false]) {
      expect(codeOf('000003e9', pieces)).toBe(STATUS.TOO_BIG);
      expect(codeOf('ffffffff00', pieces)).toBe(STATUS.TOO_BIG);
      expect(codeOf('00000000', pieces)).toBe(STATUS.INVALID);
      expect(codeOf('00000006010000000100', pieces)).toBe(STATUS.INVALID);
      expect(codeOf('000003e8', pieces)).toBe(0);
    }
  });
});

describe('the handshake', () => {
  const through = <Hello>(write: (writer: SpopWriter) => void, read: (reader: SpopReader) => Hello): Hello => {
    const writer = new SpopWriter();
    write(writer);
    const reader = new SpopReader();
    reader.frame(writer.bytes(), 4);
    return read(reader);
  };

  it('says versions, sizes, capabilities and engine', () => {
    const hello = { maxFrameSize: 16_380, capabilities: ['pipelining', 'async'], engineId: 'e-1' };
    expect(through((writer) => writeHaproxyHello(writer, hello), readHaproxyHello)).toEqual({
      ...hello,
      versions: ['2.0'],
      healthcheck: false,
    });
    const check = { maxFrameSize: 256, capabilities: [], healthcheck: true, versions: ['2.0', '1.5'] };
    expect(through((writer) => writeHaproxyHello(writer, check), readHaproxyHello)).toEqual({
      ...check,
      engineId: undefined,
    });
    const answer = { maxFrameSize: 1024, capabilities: ['pipelining'] };
    expect(through((writer) => writeAgentHello(writer, answer), readAgentHello)).toEqual({ ...answer, version: '2.0' });
  });

  it('leaves out what is not there and refuses wrong types', () => {
    const items = (...all: [string, SpopInput][]) =>
      through((writer) => {
        writer.beginFrame(FRAME.AGENT_HELLO, 0, 0);
        for (const [key, value] of all) {
          writer.string(key);
          writer.value(value);
        }
        writer.endFrame();
      }, readAgentHello);
    expect(items(['else', 5], ['capabilities', ' a , b,'])).toEqual({
      version: undefined,
      maxFrameSize: undefined,
      capabilities: ['a', 'b'],
    });
    expect(() => items(['version', 2])).toThrow(CodecError);
    expect(() => items(['max-frame-size', '256'])).toThrow(CodecError);
    expect(() => items(['max-frame-size', -1])).toThrow(CodecError);
  });

  it('ends with a status', () => {
    expect(through((writer) => writeDisconnect(writer, 'agent', STATUS.TIMEOUT), readDisconnect)).toEqual({
      status: 2,
      message: 'a timeout occurred',
    });
  });
});

describe('a decoder fed with anything', () => {
  /** What an agent or a client does with a frame; anything but a CodecError fails the test. */
  const read = (bytes: Buffer): void => {
    const reader = new SpopReader();
    try {
      reader.frame(bytes);
      while (reader.more) {
        reader.name();
        for (let left = reader.uint8(); left > 0; left--) {
          reader.name();
          reader.value();
        }
      }
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  };
  const message = (() => {
    const writer = new SpopWriter();
    writer.beginFrame(FRAME.NOTIFY, 1, 1);
    writer.beginMessage('all', 6);
    for (const value of [1, -(2n ** 60n), 'text', Buffer.from('bytes'), Ip.parse('::1'), true]) {
      writer.argument('x');
      writer.value(value);
    }
    writer.endFrame();
    return Buffer.from(writer.bytes());
  })();

  it('throws CodecErrors only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => read(Buffer.from(bytes))),
      { numRuns: 3000 },
    );
    const damaged = fc.tuple(fc.nat(message.length - 1), fc.nat(255), fc.nat(message.length));
    fc.assert(
      fc.property(damaged, ([at, byte, end]) => {
        const copy = Buffer.from(message.subarray(0, end));
        if (at < end) copy[at] = byte;
        read(copy.subarray(4));
      }),
      { numRuns: 3000 },
    );
  });

  it('is printed, whatever it is', () => {
    const damaged = fc.tuple(fc.nat(message.length - 5), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(message.subarray(4));
      copy[at] = byte;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        // Nothing that a terminal would obey.
        expect(formatFrame(Buffer.from(bytes))).toMatch(/^[^\x00-\x09\x0b-\x1f\x7f-\x9f]+$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('holds no more than one frame, however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 40 }), (chunks) => {
        const splitter = new FrameSplitter(512, (buffer, start, end) => {
          expect(end - start).toBeLessThanOrEqual(512);
          read(buffer.subarray(start, end));
        });
        try {
          for (const chunk of chunks) splitter.push(Buffer.from(chunk));
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
