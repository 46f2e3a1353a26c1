/** ACL criteria made of a fetch and a match method: the list that `haproxy -dKacl` prints. configuration.txt 7.1. */
export interface Derived {
  readonly fetch: string;
  readonly method: string;
}

/** Fetches that come with every string method, under these prefixes. */
const FAMILIES: Readonly<Record<string, string>> = {
  base: 'base',
  cook: 'req.cook',
  hdr: 'req.hdr',
  path: 'path',
  scook: 'res.cook',
  shdr: 'res.hdr',
  url: 'url',
  urlp: 'urlp',
};
const METHODS: readonly string[] = ['beg', 'dir', 'dom', 'end', 'len', 'reg', 'sub'];

const OTHERS: Readonly<Record<string, Derived>> = {
  http_auth_group: { fetch: 'http_auth_group', method: 'str' },
  method: { fetch: 'method', method: 'str' },
  payload: { fetch: 'req.payload', method: 'bin' },
  payload_lv: { fetch: 'req.payload_lv', method: 'bin' },
  'req.ssl_ver': { fetch: 'req.ssl_ver', method: 'int' },
  req_rdp_cookie: { fetch: 'req.rdp_cookie', method: 'str' },
  req_rdp_cookie_cnt: { fetch: 'req.rdp_cookie_cnt', method: 'int' },
  req_ssl_sni: { fetch: 'req.ssl_sni', method: 'str' },
  req_ssl_ver: { fetch: 'req.ssl_ver', method: 'int' },
  req_ver: { fetch: 'req.ver', method: 'str' },
  resp_ver: { fetch: 'res.ver', method: 'str' },
  ssl_fc_sni_end: { fetch: 'ssl_fc_sni', method: 'end' },
  ssl_fc_sni_reg: { fetch: 'ssl_fc_sni', method: 'reg' },
};

/** By name, sorted as HAProxy lists them. */
export const DERIVED: ReadonlyMap<string, Derived> = new Map(
  [
    ...Object.entries(FAMILIES).flatMap(([prefix, fetch]): [string, Derived][] => [
      [prefix, { fetch, method: 'str' }],
      ...METHODS.map((method): [string, Derived] => [`${prefix}_${method}`, { fetch, method }]),
    ]),
    ...Object.entries(OTHERS),
  ].toSorted(([a], [b]) => (a < b ? -1 : 1)),
);

/** configuration.txt 7.4, as the words of `acl` lines. */
export const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  FALSE: ['always_false'],
  HTTP: ['req.proto_http'],
  'HTTP_1.0': ['req.ver', '1.0'],
  'HTTP_1.1': ['req.ver', '1.1'],
  'HTTP_2.0': ['req.ver', '2.0'],
  'HTTP_3.0': ['req.ver', '3.0'],
  HTTP_CONTENT: ['req.hdr_val(content-length)', 'gt', '0'],
  HTTP_URL_ABS: ['url_reg', '^[^/:]*://'],
  HTTP_URL_SLASH: ['url_beg', '/'],
  HTTP_URL_STAR: ['url', '*'],
  LOCALHOST: ['src', '127.0.0.1/8', '::1'],
  METH_CONNECT: ['method', 'CONNECT'],
  METH_DELETE: ['method', 'DELETE'],
  METH_GET: ['method', 'GET', 'HEAD'],
  METH_HEAD: ['method', 'HEAD'],
  METH_OPTIONS: ['method', 'OPTIONS'],
  METH_POST: ['method', 'POST'],
  METH_PUT: ['method', 'PUT'],
  METH_TRACE: ['method', 'TRACE'],
  RDP_COOKIE: ['req.rdp_cookie_cnt', 'gt', '0'],
  REQ_CONTENT: ['req.len', 'gt', '0'],
  TRUE: ['always_true'],
  WAIT_END: ['wait_end'],
};
