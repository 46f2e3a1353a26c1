import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { NO_DIRECTIVES } from '../../plugins/cache/cache-control.ts';
import { CachedResponse, Entry, OVERHEAD } from '../../plugins/cache/entry.ts';
import { Recorder } from '../../plugins/cache/recorder.ts';
import { Store } from '../../plugins/cache/store.ts';

const freshness = {
  responseTime: 0,
  initialAge: 0,
  lifetime: 10,
  explicit: true,
  directives: NO_DIRECTIVES,
  until: Infinity,
};

function entry(key: string, size: number, tags: readonly string[] = []): Entry {
  const response = new CachedResponse('c', {
    status: 200,
    reason: 'OK',
    fields: [['a', 'b']],
    body: [Buffer.alloc(size)],
  });
  return new Entry(key, response, freshness, [], tags);
}

function store(limit: number): Store {
  const made = new Store('c');
  made.limit = limit;
  return made;
}

const keys = (one: Store): string[] => [...one.entries()].map(({ key }) => key).toSorted();

describe('the store', () => {
  test('counts head, body, key and overhead', () => {
    const one = store(1e6);
    const added = entry('key', 5000);
    one.add(added, () => true, 10);
    expect(one.used).toBe(added.size);
    expect(added.size).toBeGreaterThanOrEqual(
      OVERHEAD + 5000 + 'key'.length + 'HTTP/1.1 200 OK\r\na: b\r\n\r\n'.length,
    );
    one.remove(added);
    expect([one.used, one.count]).toEqual([0, 0]);
  });

  test('the least recently used goes first', () => {
    const { size } = entry('a', 1000);
    const one = store(size * 3);
    for (const key of ['a', 'b', 'c']) one.add(entry(key, 1000), () => true, 10);
    one.touch(one.find('a')![0]!);
    one.add(entry('d', 1000), () => true, 10);
    expect(keys(one)).toEqual(['a', 'c', 'd']);
    expect(one.used).toBe(size * 3);
  });

  test('what is larger than all of it is not stored, and nothing goes for it', () => {
    const one = store(10_000);
    one.add(entry('b', 1), () => true, 10);
    expect(one.add(entry('a', 100_000), () => true, 10)).toBe(false);
    expect(keys(one)).toEqual(['b']);
  });

  test('a smaller limit takes effect at once', () => {
    const { size } = entry('a', 1000);
    const one = store(size * 3);
    for (const key of ['a', 'b', 'c']) one.add(entry(key, 1000), () => true, 10);
    one.limit = size * 2;
    expect(keys(one)).toEqual(['b', 'c']);
  });

  test('by key, by prefix, by tag', () => {
    const one = store(1e6);
    one.add(entry('http://h /a', 1, ['x', 'y']), () => true, 10);
    one.add(entry('http://h /ab', 1, ['y']), () => true, 10);
    one.add(entry('http://h /b', 1, ['z']), () => true, 10);
    expect([one.removeTag('x'), one.removeTag('x'), keys(one)]).toEqual([1, 0, ['http://h /ab', 'http://h /b']]);
    expect([one.removePrefix('http://h /a'), keys(one)]).toEqual([1, ['http://h /b']]);
    expect([one.removeKey('http://h /'), one.removeKey('http://h /b'), one.used]).toEqual([0, 1, 0]);
  });

  test('never more than its limit, and nothing left when all is gone, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), key: fc.nat(20), size: fc.nat(30_000), tag: fc.nat(3) }),
      fc.record({ kind: fc.constant('touch' as const), key: fc.nat(20) }),
      fc.record({ kind: fc.constant('remove' as const), key: fc.nat(20) }),
      fc.record({ kind: fc.constant('tag' as const), tag: fc.nat(3) }),
      fc.record({ kind: fc.constant('record' as const), size: fc.nat(60_000), cut: fc.boolean() }),
      fc.record({ kind: fc.constant('hint' as const), key: fc.nat(20), size: fc.nat(3000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 200_000 }), (steps, limit) => {
        const one = store(limit);
        one.hints.limit = Math.floor(limit / 4);
        for (const each of steps) {
          if (each.kind === 'add') one.add(entry(`k${each.key}`, each.size, [`t${each.tag}`]), () => true, 10);
          else if (each.kind === 'tag') one.removeTag(`t${each.tag}`);
          else if (each.kind === 'hint') one.hints.set(`k${each.key}`, 'x'.repeat(each.size));
          else if (each.kind === 'record') {
            const recorder = new Recorder(
              one,
              50_000,
              undefined,
              () => undefined,
              () => undefined,
            );
            for (let left = each.size; left > 0; left -= 7000) recorder.write(Buffer.alloc(Math.min(7000, left)));
            expect(one.used).toBeLessThanOrEqual(limit);
            if (each.cut) recorder.abort();
            else recorder.end([]);
          } else {
            const found = one.find(`k${each.key}`)?.[0];
            if (found !== undefined && each.kind === 'touch') one.touch(found);
            else if (found !== undefined) one.remove(found);
          }
          expect(one.used).toBeLessThanOrEqual(limit);
          expect(one.used).toBeGreaterThanOrEqual(0);
        }
        let sum = 0;
        for (const { size } of one.entries()) sum += size;
        one.hints.clear();
        expect(one.used).toBe(sum);
        one.clear();
        expect([one.used, one.count]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a stored response', () => {
  test('one buffer for small ones, with a tail that changes where it stands', () => {
    const response = new CachedResponse('c', {
      status: 200,
      reason: 'OK',
      fields: [['a', 'b']],
      body: [Buffer.from('body')],
    });
    response.tail = 'age: 5\r\n';
    const { image } = response;
    expect(image.toString('latin1')).toBe('HTTP/1.1 200 OK\r\na: b\r\nage: 5\r\n\r\nbody');
    response.tail = 'age: 6\r\n';
    expect([response.image === image, response.image.toString('latin1')]).toEqual([
      true,
      'HTTP/1.1 200 OK\r\na: b\r\nage: 6\r\n\r\nbody',
    ]);
    response.lend();
    response.tail = 'age: 7\r\n';
    expect(image.toString('latin1')).toContain('age: 6');
    response.tail = 'age: 10\r\n';
    expect(response.image.toString('latin1')).toBe('HTTP/1.1 200 OK\r\na: b\r\nage: 10\r\n\r\nbody');
    expect([response.fields, Buffer.concat(response.body).toString()]).toEqual([[['a', 'b']], 'body']);
  });

  test('a large body is not copied', () => {
    const body = Buffer.alloc(1_000_000, 'x');
    const response = new CachedResponse('c', { status: 200, reason: 'OK', fields: [], body: [body] });
    response.tail = 'age: 5\r\n';
    expect(response.body[0]).toBe(body);
  });

  test('hundreds of fields', () => {
    const fields = Array.from({ length: 500 }, (_, i) => [`x-${i}`, String(i)] as const);
    const response = new CachedResponse('c', { status: 200, reason: 'OK', fields, body: [] });
    expect(response.fields.length).toBe(500);
  });
});
