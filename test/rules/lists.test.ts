import { join } from 'node:path';
import { expect, test } from 'vitest';
import { arena } from '../http/arena.ts';
import { load, said } from '../words/load.ts';
import { asking } from './exchange.ts';

const MAP = join(import.meta.dirname, 'keys.map');
const LIST = join(import.meta.dirname, 'keys.list');

arena('lists and heads that rules write', ({ agree, alone }) => {
  agree(
    'maps and the lists of ACLs',
    `http-request set-map(${MAP}) %[path] %[req.hdr(set)] if { req.hdr(set) -m found }
  http-request del-map(${MAP}) %[path] if { req.hdr(unset) -m found }
  http-request add-acl(${LIST}) %[path] if { req.hdr(list) -m found }
  http-request del-acl(${LIST}) %[path] if { req.hdr(unlist) -m found }
  http-response set-map(${MAP}) %[capture.req.uri] %[res.hdr(x-map)] if { res.hdr(x-map) -m found }
  http-response del-map(${MAP}) %[capture.req.uri] if { res.hdr(x-unmap) -m found }
  http-response add-acl(${LIST}) %[capture.req.uri] if { res.hdr(x-list) -m found }
  http-response del-acl(${LIST}) %[capture.req.uri] if { res.hdr(x-unlist) -m found }
  http-request set-header X-Map "%[path,map(${MAP},none)] %[path,map_beg(${MAP},none)] %[path,map_str_int(${MAP},-1)]"
  http-request set-header X-Listed yes if { path -f ${LIST} }`,
    asking(
      '/a',
      ['/a', 'Set: 9'],
      ['/new', 'Set: 5'],
      '/newer',
      '/b',
      ['/new', 'Unset: 1'],
      '/newer',
      ['/a', 'Unset: 1'],
      ['/a', 'List: 1'],
      ['/a', 'List: 1'],
      ['/a', 'Unlist: 1'],
      '/a',
      '/q',
      ['/q', 'Unlist: 1'],
      '/q',
      ['/r', 'X-Answer: X-Map: 7', 'X-Answer: X-List: 1'],
      '/r',
      ['/r', 'X-Answer: X-Unmap: 7', 'X-Answer: X-Unlist: 1'],
      '/r',
    ),
    (seen, check) => check(seen).toMatchSnapshot(),
  );

  alone(
    'fields in binary blocks',
    `http-request set-var(txn.old) req.hdrs_bin
  http-request del-header x- -m beg
  http-request del-header host if { path /set /add }
  http-request add-headers-bin var(txn.old) if { path /add }
  http-request add-headers-bin var(txn.old) prefix X- if { path /prefix }
  http-request set-headers-bin var(txn.old) if { path /set }
  http-request del-headers-bin bin(04686F7374) if { path /del }
  http-request del-headers-bin bin(0372652D) -m sub if { path /del-sub }
  http-request add-headers-bin bin(0162) if { path /broken }
  http-request add-headers-bin bin(03412042017A) if { path /no-name }
  http-request add-headers-bin bin(0141030D0A42) if { path /no-value }
  http-request strict-mode off if { path /off }
  http-request add-headers-bin bin(0162) if { path /off }
  http-response add-headers-bin bin(0141014200) if { capture.req.uri /res }
  http-after-response set-headers-bin bin(06536572766572016D)`,
    asking(
      ...['/add', '/prefix', '/set', '/del', '/del-sub', '/broken', '/no-name', '/no-value', '/off', '/res'].map(
        (path) => [path, 'X-One: 1', 'Pre-Fix: 2', 'X-Two: a', 'X-Two: b'],
      ),
    ),
    (seen, check) => check(seen).toMatchSnapshot(),
  );
});

test('what rules write to has to be what is read', async () => {
  const rule = (...lines: string[]): Promise<string[]> =>
    load('frontend f', ' mode http', ...lines).then((config) =>
      said(config).filter((message) => /^(?:alert|warning)/.test(message)),
    );
  expect(await rule(' http-request set-map(virt@none) a b')).toEqual([
    expect.stringContaining("nothing reads 'virt@none'"),
  ]);
  expect(await rule(' http-request set-map a b')).toEqual([expect.stringContaining('in parentheses behind')]);
  expect(await rule(' http-request set-map() a b')).toEqual([expect.stringContaining('the name of a map')]);
  expect(await rule(' http-request add-acl(virt@m) a', ' http-request set-header a %[path,map(virt@m)]')).toEqual([
    expect.stringContaining("'virt@m' is a map"),
  ]);
  expect(await rule(' http-request set-map(virt@m) a b', ' http-request set-header a %[path,map(virt@m)]')).toEqual([]);
});
