import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';
import { scriptFile } from './harness.ts';

const file = scriptFile(`
local function http(name, run) core.register_service(name, "http", run) end
http("known", function(a) a:set_status(200) a:add_header("content-length", 5) a:start_response() a:send("hello") end)
http("chunks", function(a) a:set_status(201, "Made") a:add_header("X-A", "1") a:start_response() a:send("he") a:send("llo") end)
http("silent", function(a) a:set_status(200) end)
http("early", function(a) a:send("x") end)
http("fails", function(a) error("boom") end)
http("breaks", function(a) a:set_status(200) a:start_response() a:send("part") error("boom") end)
http("lines", function(a) a:set_status(200) a:start_response() while true do local l = a:getline() if l == nil or l == "" then a:send("END") break end a:send("[" .. l .. "]") end end)
http("body", function(a) a:set_status(200) a:start_response() a:send("<" .. a:receive() .. "><" .. a:receive() .. ">") end)
http("sleeps", function(a) a:set_status(200) a:start_response() a:send("a") core.msleep(10) a:send("b") core.yield() a:send("c") end)
http("large", function(a) a:set_status(200) a:start_response() local s = string.rep("x", 1000) for i = 1, 2000 do a:send(s) end end)
http("none", function(a) a:set_status(204) a:start_response() end)
http("ends", function(a) a:set_status(200) a:start_response() a:send("abc") core.done() a:send("def") end)
http("closes", function(a) a:set_status(200) a:add_header("connection", "close") a:start_response() a:send("abc") end)
http("about", function(a) local t = { a.method, a.version, a.path, tostring(a.qs), tostring(a.length), a.headers["host"][0], tostring(a) }
  a:set_var("txn.v", "var") t[#t + 1] = a:get_var("txn.v") t[#t + 1] = a.c:lower("AB") t[#t + 1] = a.f:src()
  a:set_status(200) a:start_response() a:send(table.concat(t, "|")) end)
http("partly", function(a) a:set_status(200) a:start_response() a:send(a:receive(3) .. "," .. a:receive()) end)
http("path", function(a) a:set_status(200) a:start_response() a:send(a.f:path()) end)
core.register_service("echo", "tcp", function(a) while true do local l = a:getline() if l == nil or l == "" then a:send("END") break end a:send("[" .. l .. "]") end end)
core.register_service("some", "tcp", function(a) a:send(a:receive(3) .. "|" .. a:receive() .. "|" .. tostring(a)) end)
core.register_service("wrong", "tcp", function(a) a:send("x") error("tcp") end)
`);

const get = (fields = ''): string => `GET /p?q=1 HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
const post = (body: string): string => `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nl1\n\r\n4\r\nlast\r\n0\r\n\r\n';
const asking =
  (bytes: string) =>
  (side: Side): Promise<string> =>
    side.ask(bytes);
const use = (name: string): string => `http-request use-service lua.${name}`;

arena(
  'Lua: services',
  ({ agree, differ }) => {
    for (const [name, bytes, wanted] of [
      ['known', get(), 'HTTP/1.1 200 OK\ncontent-length: 5\n\nhello'],
      ['chunks', get(), /^HTTP\/1.1 201 Made\nx-a: 1\ntransfer-encoding: chunked\n\n.*hello/s],
      ['silent', get(), 'HTTP/1.1 500 '],
      ['early', get(), 'HTTP/1.1 500 '],
      ['fails', get(), 'HTTP/1.1 500 '],
      ['lines', post('l1\nl2\nlast'), '[l1<LF>][l2<LF>][last]END'],
      ['lines', chunked, '[l1<LF>][last]END'],
      ['body', post('l1\nl2'), '<l1<LF>l2><>'],
      ['body', get(), '<><>'],
      ['sleeps', get(), 'abc'],
      ['ends', get(), 'abc'],
      ['closes', get(), 'connection: close'],
    ] as const) {
      agree(`${name}: ${bytes.split(' ', 1)[0]} ${bytes.length}`, use(name), asking(bytes), (seen, expect) => {
        if (typeof wanted === 'string') expect(seen).toContain(wanted);
        else expect(seen).toMatch(wanted);
      });
    }
    agree('what it knows', use('about'), asking(get()), (seen, expect) =>
      expect(seen).toContain('GET|HTTP/1.1|/p|q=1|0|h|HAProxy class AppletHTTP|var|ab|127.0.0.1'),
    );
    agree(
      'an answer of two megabytes',
      use('large'),
      async (side) => {
        const answer = await side.ask(get());
        return answer.split('x').length - 1;
      },
      (seen, expect) => expect(seen).toBe(2_000_000),
    );
    agree(
      'the next request on the connection',
      use('known'),
      async (side) => side.ask(get() + get(), 2),
      (seen, expect) => expect(seen.match(/hello/g)).toHaveLength(2),
    );
    agree(
      'the same behind chunks',
      use('chunks'),
      async (side) => side.ask(get() + get(), 2),
      (seen, expect) => expect(seen.match(/201 Made/g)).toHaveLength(2),
    );
    agree(
      'rules of responses see it',
      `${use('known')}\n  http-response set-header x-seen %[status]`,
      asking(get()),
      (seen, expect) => expect(seen).toContain('x-seen: 200'),
    );
    agree(
      'what fails half way is cut',
      use('breaks'),
      async (side) => {
        const client = await side.client(get());
        await client.when(() => client.closed !== 'open');
        return client.received.includes('part') && !client.received.includes('\r\n0\r\n');
      },
      (seen, expect) => expect(seen).toBe(true),
    );
    differ('a part of the body', use('partly'), asking(post('abcdef')), {
      sluice: (seen, expect) => expect(seen).toContain('abc,def'),
      haproxy: (seen, expect) => expect(seen).toContain(',abcdef'),
    });
    differ('fetches of the request', use('path'), asking(get()), {
      sluice: (seen, expect) => expect(seen).toContain('/p'),
      haproxy: (seen, expect) => expect(seen).toContain('(closed)'),
    });
    const tcp = (name: string): string =>
      `listen {name}\n  mode tcp\n  log-format "%ft"\n  bind {bind}\n  tcp-request inspect-delay 2s\n  tcp-request content use-service lua.${name}`;
    const talk =
      (bytes: string) =>
      async (side: Side): Promise<string> => {
        const client = await side.client(bytes);
        client.end();
        await client.when(() => client.closed !== 'open');
        return client.received;
      };
    agree('TCP: lines', tcp('echo'), talk('a\nb\nc'), (seen, expect) => expect(seen).toBe('[a\n][b\n][c]END'));
    agree('TCP: bytes', tcp('some'), talk('abcdefg'), (seen, expect) =>
      expect(seen).toBe('abc|defg|HAProxy class AppletTCP'),
    );
    agree('TCP: an error ends it', tcp('wrong'), talk('a'), (seen, expect) => expect(seen).toBe('x'));
  },
  { global: `lua-load ${file}` },
);
