import net from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatIp,
  formatIPv4,
  formatIPv6,
  isV4Mapped,
  mapToV6,
  parseIp,
  parseIPv4,
  parseIPv6,
  unmapText,
} from '../../core/net/ip.ts';
import { formatNetwork, networkHas4, networkHas6, parseNetwork } from '../../core/net/network.ts';

describe('IP addresses', () => {
  it.each([
    ['0.0.0.0', 0],
    ['255.255.255.255', 0xffffffff],
    ['10.1.2.3', 0x0a010203],
    ['192.168.0.1', 0xc0a80001],
  ])('reads and prints IPv4 %s', (text, value) => {
    expect(parseIPv4(text)).toBe(value);
    expect(formatIPv4(value)).toBe(text);
  });

  it.each([
    '',
    '1',
    '127.1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-4',
    '1..2.3',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.',
    '.1.2.3',
  ])('refuses %j as IPv4', (text) => expect(parseIPv4(text)).toBe(-1));

  // The right column is what inet_ntop(3) of glibc prints.
  it.each([
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['::ffff:a00:1', '::ffff:10.0.0.1'],
    ['::1:2', '::0.1.0.2'],
    ['::1.2.3.4', '::1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['0:0:0:0:0:ffff::', '::ffff:0.0.0.0'],
    ['fe80::0:0:0:1', 'fe80::1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ])('reads IPv6 %s and prints %s', (text, canonical) => {
    const bytes = parseIPv6(text);
    expect(bytes).toBeDefined();
    expect(formatIPv6(bytes!)).toBe(canonical);
  });

  it.each([
    ':',
    ':::',
    '1',
    '1:2',
    ':1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '::g',
    '::1.2.3',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    'fe80::1%lo',
    '[::1]',
    '1:2:3:4::5:6:7:8',
    '::1:',
  ])('refuses %j as IPv6', (text) => expect(parseIPv6(text)).toBeUndefined());

  it('agrees with node:net on any text made of the characters of addresses', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom('0', '1', 'f', 'F', ':', '::', '.', '25', '256', '1.2.3.4'), maxLength: 12 }),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        expect(parseIPv4(candidate) >= 0).toBe(net.isIPv4(candidate));
        expect(parseIPv6(candidate) !== undefined).toBe(net.isIPv6(candidate));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(0xffff), (bytes, zeros) => {
        for (let i = 0; i < 16; i++) if ((zeros & (1 << i)) !== 0) bytes[i] = 0;
        expect(parseIPv6(formatIPv6(bytes))).toEqual(bytes);
        expect(parseIp(formatIp(bytes.subarray(0, 4)))).toEqual(bytes.slice(0, 4));
      }),
    );
  });

  it('knows v4-mapped addresses', () => {
    expect(isV4Mapped(mapToV6(0x7f000001))).toBe(true);
    expect(formatIPv6(mapToV6(0x7f000001))).toBe('::ffff:127.0.0.1');
    expect(isV4Mapped(parseIPv6('::1.2.3.4')!)).toBe(false);
    expect(unmapText('::ffff:127.0.0.1')).toBe('127.0.0.1');
    expect(unmapText('::ffff:abcd')).toBe('::ffff:abcd');
    expect(unmapText('::1')).toBe('::1');
  });
});

describe('networks', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8', '10.255.0.1', '11.0.0.1'],
    ['10.1.2.3/255.255.0.0', '10.1.0.0/16', '10.1.9.9', '10.2.0.0'],
    ['10.0.3.0/255.0.255.0', '10.0.3.0/255.0.255.0', '10.77.3.9', '10.77.4.9'],
    ['1.2.3.4', '1.2.3.4/32', '1.2.3.4', '1.2.3.5'],
    ['2001:db8::1/32', '2001:db8::/32', '2001:db8:ffff::', '2001:db9::'],
    ['::1', '::1/128', '::1', '::2'],
    ['fe80::/ffc0::', 'fe80::/10', 'febf::1', 'fec0::1'],
    ['0.0.0.0/0', '0.0.0.0/0', '255.255.255.255', '::1'],
    ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0/104', '10.9.9.9', '11.0.0.0'],
    ['10.0.0.0/8', '10.0.0.0/8', '::ffff:10.1.1.1', '::10.1.1.1'],
    ['::/0', '::/0', '::1', '1.2.3.4'],
  ])('%s is %s, holds %s and not %s', (text, canonical, inside, outside) => {
    const network = parseNetwork(text)!;
    expect(formatNetwork(network)).toBe(canonical);
    const has = (ip: string): boolean =>
      net.isIPv4(ip) ? networkHas4(network, parseIPv4(ip)) : networkHas6(network, parseIPv6(ip)!);
    expect(has(inside)).toBe(true);
    // ::/0 holds every address, the v4-mapped ones as well.
    expect(has(outside)).toBe(text === '::/0');
  });

  it.each(['', '/', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '::/129', '::/x', '10.0.0.0/255.255', 'host/8'])(
    'refuses %j',
    (text) => expect(parseNetwork(text)).toBeUndefined(),
  );
});
