import { describe, expect, test, vi } from 'vitest';
import { evaluate, textOf, transactionOf } from './fixture.ts';

/** Words newer than the haproxy that can be asked here: what the manual of 3.5 says of them. */
const ask = (text: string): string | undefined => textOf(evaluate(text));

test.each([
  // Examples of the manual.
  ['str(a=b&c=d&a=r),param(a)', 'b'],
  ['str(a&b=c),param(a)', ''],
  ['str(a=&b&c=a),param(b)', ''],
  ['str(a=1;b=2;c=4),param(b,;)', '2'],
  ['str(a=1),param(z)', undefined],
  ['str(example.com),reverse', 'moc.elpmaxe'],
  ['str(mail.example.com),reverse_dom', 'com.example.mail'],
  ['str(example.com.),reverse_dom', 'com.example'],
  ['str(a..b),reverse_dom', undefined],
  // The manual prints other numbers here, which are no reading of these bytes.
  ['bin(01020304050607),le2dec(:,2)', '513:1027:1541:7'],
  ['bin(7f000001),le2dec(.,1)', '127.0.0.1'],
  ['str("[::1]:80"),host_only', '[::1]'],
  ['str(h.example:80),port_only', '80'],
  ['str(h.example),port_only', '0'],
  ['int(784111777123),ms_utime("%F %T.%3N")', '1994-11-06 08:49:37.123'],
  ['int(784111777123),ms_utime("%N %6N %9N")', '123000000 123000 123000000'],
  ['int(784111777123),ms_utime("%T.%3N",1000)', '08:49:38.123'],
  ['int(784111777123456),us_utime("%F %T.%6N")', '1994-11-06 08:49:37.123456'],
  ['str("Sun, 06 Nov 1994 08:49:37 GMT"),date', '784111777'],
  ['str("Sunday, 06-Nov-94 08:49:37 GMT"),date', '784111777'],
  ['str("Sun Nov  6 08:49:37 1994"),date', '784111777'],
  ['str("yesterday"),date', undefined],
  ['int(0),x509_v_err_str', 'X509_V_OK'],
  ['int(10),x509_v_err_str', 'X509_V_ERR_CERT_HAS_EXPIRED'],
  ['int(23),x509_v_err_str', 'X509_V_ERR_CERT_REVOKED'],
  ['int(79),x509_v_err_str', 'X509_V_ERR_INVALID_CA'],
  ['int(9999),x509_v_err_str', '9999'],
  ['int(-1),x509_v_err_str', '-1'],
  ['str(a),when(normal)', 'a'],
  ['str(a),when(!normal)', undefined],
  ['str(a),when(error)', undefined],
  ['str(a),when(!forwarded)', 'a'],
  ['str(a),when(processed)', undefined],
  ['str(a),when(toapplet)', undefined],
  ['str(a),when(acl,METH_GET)', 'a'],
  ['str(a),when(!acl,METH_GET)', undefined],
  ['bin(410a42),has_ctl', 'true'],
  ['bin(4142),has_ctl', 'false'],
  ['str(abcdef),bytes(2,-1)', undefined],
  [`str('{"r":["a","b"]}'),json_query('$.r')`, '["a","b"]'],
])('%s', (text, expected) => {
  expect(ask(text)).toBe(expected);
});

test.each([
  ['str(a),when(sunny)', /unknown condition 'sunny'/],
  ['str(a),when(acl,nope)', /ACL 'nope' not found/],
  ['str(a),when(acl)', /expects an ACL name/],
  ['str(a),when(error,x)', /'error' has no argument/],
  ['str(a),debug(x,nowhere)', /No such sink 'nowhere'/],
  ['str(a),debug', /'buf0' is not built yet/],
])('%s is refused', (text, message) => {
  expect(() => ask(text)).toThrow(message);
});

test('a failed transaction is an error for when()', () => {
  const failed = Object.assign(transactionOf(), { termination: 'sH--' });
  expect(textOf(evaluate('str(a),when(error)', failed))).toBe('a');
  expect(textOf(evaluate('str(a),when(normal)', failed))).toBeUndefined();
});

test('debug shows the value on its way, with its type', () => {
  const written: unknown[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(text) > 0);
  try {
    expect(ask('int(12),debug(a,stdout),add(1),debug(,stdout)')).toBe('13');
    expect(ask('bin(41420043),debug(b,stdout),hex')).toBe('41420043');
  } finally {
    write.mockRestore();
  }
  expect(written).toEqual(['[debug] a: type=sint <12>\n', '[debug] : type=sint <13>\n', '[debug] b: type=bin <AB>\n']);
});

describe('Forwarded fields', () => {
  test.each([
    [`str('for=127.0.0.1;proto=http'),rfc7239_is_valid`, 'true'],
    [`str('proto=custom'),rfc7239_is_valid`, 'false'],
    [`str('proto=https;host="haproxy.org:80"'),rfc7239_field(host)`, 'haproxy.org:80'],
    [`str('proto=https;host="haproxy.org:80";for="127.0.0.1:9999"'),rfc7239_field(for)`, '127.0.0.1:9999'],
    ['str(127.0.0.1:9999),rfc7239_n2nn', '127.0.0.1'],
    ['str([ab:cd:ff:ff:ff:ff:ff:ff]:9998),rfc7239_n2nn', 'ab:cd:ff:ff:ff:ff:ff:ff'],
    ['str(_name:_port),rfc7239_n2nn', '_name'],
    ['str(127.0.0.1:9999),rfc7239_n2np', '9999'],
    ['str(_name:_port),rfc7239_n2np', '_port'],
    ['ipv6(ab:cd:ff:ff:ff:ff:ff:ff),rfc7239_nn', '[ab:cd:ff:ff:ff:ff:ff:ff]'],
    ['str(test),rfc7239_nn', '_test'],
    ['str(),rfc7239_nn', 'unknown'],
    ['int(12),rfc7239_np', '12'],
    ['str(test),rfc7239_np', '_test'],
  ])('%s', (text, expected) => {
    expect(ask(text)).toBe(expected);
  });
});

describe('packets', () => {
  // An Ethernet frame with an IPv4 SYN: MSS 1460, SACK, timestamps, window scale 7.
  const frame =
    '0102030405060a0b0c0d0e0f0800' +
    '4500003c1c4640004006b1e60a0000010a000002' +
    'c35001bb0000000100000000a002721000000000' +
    '020405b40402080a000000ff000000000103' +
    '0307';
  test.each([
    ['eth.src,hex', '0A0B0C0D0E0F'],
    ['eth.dst,hex', '010203040506'],
    ['eth.proto', '2048'],
    ['eth.vlan', undefined],
    ['ip.ver', '4'],
    ['ip.src', '10.0.0.1'],
    ['ip.dst', '10.0.0.2'],
    ['ip.ttl', '64'],
    ['ip.tos', '0'],
    ['ip.df', '1'],
    ['ip.proto', '6'],
    ['ip.hdr,length', '1'],
    ['eth.data,ip.data,tcp.src', '50000'],
    ['ip.data,tcp.dst', '443'],
    ['ip.data,tcp.flags', '2'],
    ['ip.data,tcp.win', '29200'],
    ['ip.data,tcp.seq', '1'],
    ['ip.data,tcp.options.mss', '1460'],
    ['ip.data,tcp.options.sack', '1'],
    ['ip.data,tcp.options.tsopt', '1'],
    ['ip.data,tcp.options.tsval', '255'],
    ['ip.data,tcp.options.wscale', '7'],
    ['ip.data,tcp.options.wsopt', '1'],
    ['ip.data,tcp.options_list,hex', '0204080103'],
    ['ip.fp,hex', '0050A8721005B447'],
    ['ip.fp(5),hex', '0050A8721005B447400A000001'],
  ])('%s', (text, expected) => {
    expect(ask(`bin(${frame}),${text}`)).toBe(expected);
  });
});
