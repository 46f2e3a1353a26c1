import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressError, formatAddress, parseAddress, parseAddressList } from '../../core/net/address.ts';
import type { AddressOptions } from '../../core/net/address.ts';

const bind: AddressOptions = { port: 'required', portRange: true };
const server: AddressOptions = { portOffset: true, portZero: true, descriptor: false };

function failure(text: string, options: AddressOptions): AddressError {
  try {
    parseAddress(text, options);
  } catch (error) {
    if (error instanceof AddressError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('addresses on a bind line', () => {
  it.each([
    [':80', 4, '0.0.0.0', '0.0.0.0:80'],
    ['*:80', 4, '0.0.0.0', '0.0.0.0:80'],
    [':::80', 6, '::', ':::80'],
    ['[::]:80', 6, '::', ':::80'],
    ['::1:80', 6, '::1', '::1:80'],
    ['ipv6@:80', 6, '::', ':::80'],
    ['ipv6@*:80', 6, '::', ':::80'],
    ['ipv4@*:80', 4, '0.0.0.0', '0.0.0.0:80'],
    ['ip@1.2.3.4:80', 4, '1.2.3.4', '1.2.3.4:80'],
    ['[1.2.3.4]:80', 4, '1.2.3.4', '1.2.3.4:80'],
    ['tcp6@::1:80', 6, '::1', '::1:80'],
    ['tcp4@1.2.3.4:80', 4, '1.2.3.4', '1.2.3.4:80'],
    ['stream+ip@:80', 4, '0.0.0.0', '0.0.0.0:80'],
    ['stream+:80', 4, '0.0.0.0', '0.0.0.0:80'],
    ['localhost:80', 0, 'localhost', 'localhost:80'],
    ['ipv6@host-1.example:80', 6, 'host-1.example', 'host-1.example:80'],
    ['127.1:80', 0, '127.1', '127.1:80'],
    ['127.0.0.1:080', 4, '127.0.0.1', '127.0.0.1:80'],
    ['127.0.0.1:8000-8010', 4, '127.0.0.1', '127.0.0.1:8000-8010'],
    ['127.0.0.1:81-81', 4, '127.0.0.1', '127.0.0.1:81'],
    ['::ffff:1.2.3.4:80', 6, '::ffff:1.2.3.4', '::ffff:1.2.3.4:80'],
  ])('%s', (text, family, host, printed) => {
    const address = parseAddress(text, bind);
    expect(address).toMatchObject({ kind: 'inet', family, host, transport: 'stream', unsupported: undefined });
    expect(formatAddress(address)).toBe(printed);
  });

  // The messages are those of haproxy 2.6 on the same words.
  it.each([
    ['127.0.0.1', "missing port specification in '127.0.0.1'"],
    ['127.0.0.1:', "missing port specification in '127.0.0.1:'"],
    ['[::1]', "missing port specification in '[::1]'"],
    ['[::1]80', "missing port specification in '[::1]80'"],
    ['::1', "invalid address: ':' in '::1'"],
    ['::80', "invalid address: ':' in '::80'"],
    ['[::1', "invalid address: '[:' in '[::1'"],
    ['[abc]:80', "invalid address: '[abc]' in '[abc]:80'"],
    ['[]:80', "invalid address: '[]' in '[]:80'"],
    [':70000', "invalid port '70000'"],
    [':0', "invalid port '0'"],
    [':+10', "port offset not permitted here in ':+10'"],
    ['127.0.0.1:-80', "port offset not permitted here in '127.0.0.1:-80'"],
    ['127.0.0.1:8010-8000', "invalid port range '8010-8000'"],
    ['*:80-', "invalid port ''"],
    [':1-99999', "invalid port '99999'"],
    [':a', "invalid character 'a' in port number 'a' in ':a'"],
    ['127.0.0.1: 80', "invalid character ' ' in port number ' 80' in '127.0.0.1: 80'"],
    ['foo@1.2.3.4:80', "invalid address: 'foo@1.2.3.4' in 'foo@1.2.3.4:80'"],
    ['IPV4@1.1.1.1:80', "invalid address: 'IPV4@1.1.1.1' in 'IPV4@1.1.1.1:80'"],
    ['@:80', "invalid address: '@' in '@:80'"],
    [' :80', "invalid address: ' ' in ' :80'"],
    ['stream+dgram+ip@:80', "invalid address: 'dgram+ip@' in 'stream+dgram+ip@:80'"],
    ['fe80::1%lo:80', "invalid address: 'fe80::1%lo' in 'fe80::1%lo:80'"],
    ['udp@1.2.3.4:80', "dgram-type address not acceptable in 'udp@1.2.3.4:80'"],
    ['dgram+ip@:80', "dgram-type address not acceptable in 'dgram+ip@:80'"],
    ['fd@abc', "file descriptor 'abc' is not a valid integer in 'fd@abc'"],
    ['fd@', "file descriptor '' is not a valid integer in 'fd@'"],
    ['', "'' resolves to an empty address (environment variable missing?)"],
  ])('refuses %j', (text, message) => expect(failure(text, bind).message).toBe(message));

  it('says where an address goes wrong, counted from the start of the list', () => {
    expect(failure('127.0.0.1:8x', bind).offset).toBe(11);
    expect(() => parseAddressList(':80,127.0.0.1:8x', bind)).toThrow(expect.objectContaining({ offset: 15 }));
  });

  it('reads lists', () => {
    expect(parseAddressList(':80,[::]:81-83,/run/x', bind).map(formatAddress)).toEqual([
      '0.0.0.0:80',
      ':::81-83',
      '/run/x',
    ]);
    expect(() => parseAddressList(':80,,:81', bind)).toThrow("'' resolves to an empty address");
  });

  it('reads paths, abstract names and descriptors', () => {
    expect(parseAddress('/run/x.sock', bind)).toMatchObject({ kind: 'unix', path: '/run/x.sock' });
    expect(parseAddress('unix@rel', bind)).toMatchObject({ kind: 'unix', path: 'rel' });
    expect(parseAddress('uxst@/run/x', bind)).toMatchObject({ kind: 'unix', transport: 'stream' });
    expect(parseAddress('unix@b', { ...bind, unixPrefix: '/run/p-' })).toMatchObject({ path: '/run/p-b' });
    expect(parseAddress('abns@x:80', bind)).toMatchObject({ kind: 'abns', name: 'x:80', zeroTerminated: false });
    expect(formatAddress(parseAddress('abnsz@x', bind))).toBe('abnsz@x');
    const exact = Number.parseInt(process.versions.node, 10) >= 22;
    expect(parseAddress('abnsz@x', bind).unsupported === undefined).toBe(exact);
    expect(parseAddress('fd@5', bind)).toMatchObject({ kind: 'fd', fd: 5 });
    expect(parseAddress('fd@${web}', { ...bind, environment: { web: '7' } })).toMatchObject({ fd: 7 });
    expect(parseAddress(':$PORT', { ...bind, environment: { PORT: '81' } })).toMatchObject({
      ports: { kind: 'port', port: 81 },
    });
    expect(failure('$NONE', { ...bind, environment: {} }).message).toMatch(/empty address/);
    expect(failure(`/${'x'.repeat(110)}`, bind).message).toMatch(/too long/);
  });

  it.each(['quic4@:443', 'quic6@:443', 'quic+ip@:443', 'mptcp@:80', 'mptcp4@:80', 'mptcp6@:80', 'sockpair@4'])(
    'reads %s and says why it cannot be used',
    (text) => expect(parseAddress(text, bind).unsupported).toMatch(/Node\.js$/),
  );
});

describe('addresses elsewhere', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:', '127.0.0.1'],
    ['*', '0.0.0.0'],
    [':0', '0.0.0.0:0'],
    ['*:+10', '0.0.0.0:+10'],
    ['127.0.0.1:-10', '127.0.0.1:-10'],
    ['127.0.0.1:+', '127.0.0.1:+0'],
    ['[::1]', '::1'],
    ['localhost', 'localhost'],
  ])('server %s', (text, printed) => expect(formatAddress(parseAddress(text, server))).toBe(printed));

  it('refuses on a server what cannot be connected to', () => {
    expect(failure('127.0.0.1:80-81', server).message).toBe("port range not permitted here in '127.0.0.1:80-81'");
    expect(failure('fd@5', server).message).toBe("a file descriptor is not acceptable here in 'fd@5'");
    expect(failure('uxdg@/x', server).message).toBe("dgram-type address not acceptable in 'uxdg@/x'");
  });

  it('takes datagrams and streams where both are allowed', () => {
    const log: AddressOptions = { transport: 'dgram', transports: ['dgram', 'stream'] };
    expect(parseAddress('127.0.0.1:514', log).transport).toBe('dgram');
    expect(parseAddress('tcp@127.0.0.1:514', log).transport).toBe('stream');
    expect(parseAddress('udp6@::1:514', log)).toMatchObject({ transport: 'dgram', family: 6, host: '::1' });
    expect(parseAddress('/dev/log', log)).toMatchObject({ kind: 'unix', transport: 'dgram' });
    expect(parseAddress('stream+fd@4', log)).toMatchObject({ kind: 'fd', transport: 'stream' });
  });

  it('answers an address or an AddressError for any text', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        'ip',
        'v4',
        'v6',
        'fd',
        '@',
        ':',
        '::',
        '[',
        ']',
        '-',
        '+',
        '0',
        '99999',
        '1.2.3.4',
        'a',
        '/',
        '*',
        '$x',
        '${',
        '}',
        'é',
        '\0',
      ),
    });
    fc.assert(
      fc.property(text, fc.constantFrom(bind, server), (candidate, options) => {
        try {
          const address = parseAddress(candidate, { ...options, environment: {} });
          expect(formatAddress(address)).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(AddressError);
          expect((error as AddressError).offset).toBeLessThanOrEqual(candidate.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
