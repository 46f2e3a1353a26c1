export interface Exchange {
  readonly name: string;
  /** Index of the frontend. */
  readonly port: number;
  readonly bytes: string;
}

/** The connection closes after each, so that the end of the answer can be seen. */
function request(method: string, target: string, fields = '', version = '1.1'): string {
  return `${method} ${target} HTTP/${version}\r\nHost: h.example\r\n${fields}Connection: close\r\n\r\n`;
}

const PATHS = `
  /return /return-nothing /return-404 /return-204 /return-418 /return-301 /return-302 /return-page /return-errorfile
  /deny-errorfiles /return-file /return-lf-file /deny /deny-429 /deny-405 /deny-418 /deny-hdr /custom-403 /custom-404
  /custom-405 /custom-500 /deny-404-string /deny-404-page /tarpit /tarpit-429 /reject /auth /location /location-301
  /location-303 /location-307 /location-empty /location-ignored /clear-cookie /prefix?a=b /prefix-root?x /prefix-drop?x
  /prefix-slash?x /prefix-slash-query?x /scheme?x /early /set-path?q /set-pathq?1 /set-query?a /set-query
  /set-query-empty?a /set-query-empty /set-uri /set-uri-path /set-method /replace-path?p /replace-path-not /replace-rz
  /replace-ref /replace-pathq?a /replace-uri /set-host /set-empty /vars /src /old-redirect /res-return /res-deny /res-deny-500
  /res-redirect /res-status /res-status-777 /res-status-reason /res-replace-header /res-replace-value /res-del /res-add
  /res-set /after /nothing-special`
  .trim()
  .split(/\s+/);

const WITH_HEADERS = `
  /add-header /set-header /set-same /del-header /del-beg /del-end /del-reg /replace-header /replace-header-whole
  /replace-value /replace-value-first /replace-value-all`
  .trim()
  .split(/\s+/);

const FIELDS = 'X-H: a\r\nX-Hh: 1\r\nX-R: a, b ,bb\r\nX-H: b\r\nX-R: b, a ,c\r\n';

export const exchanges: readonly Exchange[] = [
  ...PATHS.map((path) => ({ name: path, port: 0, bytes: request('GET', path) })),
  ...WITH_HEADERS.map((path) => ({ name: path, port: 0, bytes: request('GET', path, FIELDS) })),
  { name: 'OPTIONS *', port: 0, bytes: request('OPTIONS', '*') },
  { name: 'OPTIONS /a', port: 0, bytes: request('OPTIONS', '/a') },
  { name: 'HEAD /return', port: 0, bytes: request('HEAD', '/return') },
  { name: 'HEAD /deny', port: 0, bytes: request('HEAD', '/deny') },
  { name: 'HEAD /location', port: 0, bytes: request('HEAD', '/location') },
  { name: 'HEAD /custom-500', port: 0, bytes: request('HEAD', '/custom-500') },
  { name: 'POST /deny', port: 0, bytes: request('POST', '/deny', 'Content-Length: 0\r\n') },
  { name: 'HTTP/1.0 /deny', port: 0, bytes: request('GET', '/deny', '', '1.0') },
  ...['set-path?a', 'replace-pathq?a', 'set-query?a', 'set-host'].map((target) => ({
    name: `absolute ${target}`,
    port: 0,
    bytes: request('GET', `http://h.example/${target}`),
  })),
  ...['root:toor', 'root:wrong', 'bob:secret', 'bob:geheim', 'eve:geheim', 'nobody:', 'bob'].flatMap((user) =>
    ['/users', '/admins'].map((path) => ({
      name: `${path} by ${user}`,
      port: 0,
      bytes: request('GET', path, `Authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`),
    })),
  ),
  { name: '/users without a word', port: 0, bytes: request('GET', '/users') },
  { name: 'wait', port: 0, bytes: `${request('POST', '/wait', 'Content-Length: 10\r\n')}123` },
  { name: 'wait for some', port: 0, bytes: `${request('POST', '/wait-some', 'Content-Length: 5\r\n')}12345` },
  { name: 'forwardfor, originalto, unique id', port: 1, bytes: request('GET', '/x') },
  { name: 'if-none with the header', port: 1, bytes: request('GET', '/x', 'X-FF: 1\r\nX-UID: q\r\n') },
  { name: 'monitor', port: 1, bytes: request('GET', '/alive') },
  { name: 'monitor fail', port: 1, bytes: request('GET', '/alive', 'X-Fail: yes\r\n') },
  { name: 'monitor of another path', port: 1, bytes: request('GET', '/alive/not') },
  { name: 'backend over frontend', port: 2, bytes: request('GET', '/x') },
  {
    name: 'backend over frontend, with the headers',
    port: 2,
    bytes: request('GET', '/x', 'X-FF: 1\r\nX-Forwarded-For: 9\r\nX-Server: me\r\n'),
  },
];
