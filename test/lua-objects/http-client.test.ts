import { lab } from './lab.ts';

/** Calls the client, and shows the answer's parts. */
const ask = (method: string, request: string): string =>
  `local c = core.httpclient() local r = c:${method}${request} say(r.status, r.reason, r.body) list(r.headers)`;

lab(
  "Lua's HTTP client",
  ({ agree, alone, differ }) => {
    agree('what is sent', ask('get', '{url = "http://{http}/seen?x=1"}'));
    agree(
      'methods',
      ['get', 'put', 'post', 'delete']
        .map((method) => `do ${ask(method, '{url = "http://{http}/seen"}')} end`)
        .join(' '),
    );
    agree('HEAD has no body', ask('head', '{url = "http://{http}/ok"}'));
    agree(
      'a body goes in chunks',
      ['get', 'put', 'post', 'delete']
        .map((method) => `do ${ask(method, '{url = "http://{http}/seen", body = "hello"}')} end`)
        .join(' '),
    );
    agree('an empty body', ask('post', '{url = "http://{http}/seen", body = ""}'));
    agree(
      'a body with its length',
      ask('post', '{url = "http://{http}/seen", body = "hello", headers = {["content-length"] = {"5"}}}'),
    );
    agree('a field with two values', ask('get', '{url = "http://{http}/seen", headers = {["X-A"] = {"1", "2"}}}'));
    agree(
      'values that are numbers, and others',
      ask('get', '{url = "http://{http}/seen", headers = {["x-n"] = {1, 2.5, true}}}'),
    );
    agree('a field that is no list', ask('get', '{url = "http://{http}/seen", headers = {["x-n"] = "text"}}'));
    for (const name of ['host', 'user-agent', 'accept'])
      agree(`a ${name} of its own`, ask('get', `{url = "http://{http}/seen", headers = {["${name}"] = {"mine"}}}`));
    agree('a URL without a path', ask('get', '{url = "http://{http}"}'));
    agree('a URL with a user', ask('get', '{url = "http://u:p@{http}/seen"}'));
    agree('a URL with a fragment', ask('get', '{url = "http://{http}/seen#part"}'));
    agree('fields of the answer, from 0', ask('get', '{url = "http://{http}/multi"}'));
    agree('a body in chunks', ask('get', '{url = "http://{http}/chunked"}'));
    agree('a body until the end', ask('get', '{url = "http://{http}/close"}'));
    agree(
      'a body that is cut',
      `do ${ask('get', '{url = "http://{http}/cut"}')} end do ${ask('get', '{url = "http://{http}/cut-chunk"}')} end`,
    );
    agree('no HTTP', ask('get', '{url = "http://{http}/bad"}'));
    agree('nothing', ask('get', '{url = "http://{http}/empty"}'));
    agree('redirects are not followed', ask('get', '{url = "http://{http}/moved"}'));
    agree('204', ask('get', '{url = "http://{http}/nothing"}'));
    differ('what comes before the answer', ask('get', '{url = "http://{http}/interim"}'));
    agree('a large answer', ask('get', '{url = "http://{http}/large"}'));
    agree(
      'a large body',
      'local c = core.httpclient() local r = c:post{url = "http://{http}/size", body = ("z"):rep(200000), headers = {["content-length"] = {"200000"}}} say(r.status, r.body)',
    );
    agree('no answer in time', ask('get', '{url = "http://{http}/slow", timeout = 200}'));
    agree('another destination', ask('get', '{url = "http://example.com:81/seen", dst = "{http}"}'));
    agree(
      'two requests of one client',
      'local c = core.httpclient() say(c) say(c:get{url = "http://{http}/ok"}.status, c:get{url = "http://{http}/ok"}.status)',
    );
    agree(
      'wrong arguments',
      `local c = core.httpclient() try(c.get) try(c.get, c) try(c.get, c, "x") try(c.get, {}, {url = "http://{http}/ok"}) try(c.get, c, {}) try(c.post, c, {})
    try(c.get, c, {url = "http://{http}/ok"}, 3) try(c.get, c, {url = 1}) try(c.get, c, {url = "http://{http}/ok", foo = "x"}) try(c.get, c, {url = "http://{http}/ok", headers = "x"})
    try(c.get, c, {url = "http://{http}/ok", body = {}}) try(c.get, c, {url = "http://{http}/ok", timeout = "300"}) try(c.get, c, {url = "nonsense"}) try(c.get, c, {url = "http://{http}/ok", dst = "nonsense"})`,
    );
    alone(
      'values that would end their field',
      'local c = core.httpclient() try(c.get, c, {url = "http://{http}/seen", headers = {["x-n"] = {"a\\r\\nb: c"}}}) try(c.get, c, {url = "http://{http}/seen", headers = {["a b"] = {"c"}}}) try(c.get, c, {url = "http://{http}/a b"})',
    );
    alone('refused, without further tries', ask('get', '{url = "http://{dead}/"}'));
    alone(
      'a certificate that nobody vouches for is not verified when that is asked for',
      ask('get', '{url = "https://{tls}/ok"}'),
    );
  },
  { newer: { global: 'httpclient.retries 0\n  httpclient.ssl.verify none' } },
);
