import { lab } from './lab.ts';

const open = 'local s = core.tcp() s:settimeout(3) s:connect("{echo}") ';

lab('Lua sockets', ({ agree, alone, differ }) => {
  agree(
    'before a connection',
    `local s = core.tcp() say(s) try(s.getpeername, s) try(s.getsockname, s) try(s.setoption, s, "x")
    try(s.settimeout, s, 1.5) try(s.settimeout, s, 0) try(s.close, s) try(s.close, s)`,
  );
  agree(
    'wrong arguments of settimeout',
    `local s = core.tcp() try(s.settimeout, s) try(s.settimeout, s, "x") try(s.settimeout, s, -1)
    try(s.settimeout, s, 1e12) try(s.settimeout, {}, 1) try(s.settimeout, s, 1, "b")`,
  );
  agree(
    'connects with a port',
    `local s = core.tcp() try(s.connect, s, "127.0.0.1", {echo-port}) say((s:getpeername():gsub("%d+$", "")))
    say((s:getsockname():gsub("%d+$", ""))) s:close() try(s.getpeername, s) try(s.getsockname, s)`,
  );
  agree(
    'connects with the port in the address',
    'local s = core.tcp() try(s.connect, s, "{echo}") try(s.connect, s, "{echo}")',
  );
  agree(
    'connects to a path',
    `local s = core.tcp() try(s.connect, s, "{unix}") say(s:getpeername(), s:getsockname()) s:send("q\\n") try(s.receive, s)
    s:close() s = core.tcp() try(s.connect, s, "unix@{unix}")`,
  );
  agree('connects with a prefix', 'local s = core.tcp() try(s.connect, s, "ipv4@127.0.0.1", {echo-port})');
  agree(
    'no such peers',
    `local s = core.tcp() try(s.connect, s, "{dead}") try(s.connect, s, "{echo}") s = core.tcp() try(s.connect, s, "/no/such.sock")
    s = core.tcp() try(s.connect, s, "abns@nosuch-name") s = core.tcp() try(s.connect_ssl, s, "127.9.9.9", 9)`,
  );
  agree(
    'addresses that are none',
    `for _, a in ipairs{"", "no.such.host.invalid:80", "localhost:80", "fd@99", "sockpair@99", "127.0.0.1:80-90", "127.0.0.1", "::1"} do
    local s = core.tcp() try(s.connect, s, a) end local s = core.tcp() try(s.connect, s, "localhost", 80) s = core.tcp() try(s.connect, s, "127.0.0.1:80", 81)`,
  );
  agree(
    'wrong arguments of connect',
    `local s = core.tcp() try(s.connect) try(s.connect, s) try(s.connect, {}, "x") try(s.connect, s, "127.0.0.1", "abc")
    try(s.connect_ssl, s, "127.0.0.1") try(s.connect, s, "127.0.0.1", {})`,
  );
  agree(
    'wrong objects',
    `local s = core.tcp() try(s.receive) try(s.receive, nil) try(s.receive, {}) try(s.send, {}, "y") try(s.close, {}) try(s.close)
    try(s.getpeername, {}) try(s.getsockname) try(function() return s:nothing() end)`,
  );
  agree(
    'lines',
    `${open} s:send("hello\\nline2\\r\\nab\\rc\\r\\n\\n\\r\\n\\r\\r\\nrest\\n") for i = 1, 7 do try(s.receive, s) end`,
  );
  agree(
    'lines by pattern, with a prefix',
    `${open} s:send("one\\ntwo\\n") try(s.receive, s, "*l") try(s.receive, s, "*l", "PRE")`,
  );
  agree(
    'so many bytes',
    `${open} s:send("0123") try(s.receive, s, 4) s:send("456789") try(s.receive, s, 6, "PRE") try(s.receive, s, 3, "PREF")`,
  );
  agree(
    'what was left by another read',
    `${open} s:send("0123456789") try(s.receive, s, 3) try(s.receive, s, 2) s:send("abc") try(s.receive, s, 3, "PRE")`,
  );
  agree(
    'no bytes',
    `${open} s:send("0123456789") try(s.receive, s, 0) try(s.receive, s, 1.5) try(s.receive, s, 3, "PRE")`,
  );
  agree(
    'all until the end',
    `${open} s:send("abc\\ndef CLOSE") try(s.receive, s, "*a", "PRE") try(s.receive, s, "*a") try(s.receive, s, 5) try(s.receive, s, "*l", "P")`,
  );
  agree(
    'a line that the end cuts',
    `${open} s:send("one\\npartCLOSE") try(s.receive, s) try(s.receive, s) try(s.receive, s, 4)`,
  );
  agree('bytes that the end cuts', `${open} s:send("abc CLOSE") try(s.receive, s, 100, "PRE") try(s.receive, s, 100)`);
  agree(
    'patterns that are none',
    `${open} try(s.receive, s, "*x") try(s.receive, s, "l") try(s.receive, s, -1) try(s.receive, s, 1, "p", 2) try(s.receive, s, "*l", {})`,
  );
  agree(
    'time is up for a line',
    'local s = core.tcp() s:settimeout(0.2) s:connect("{echo}") s:send("abc") try(s.receive, s) try(s.receive, s, 3) try(s.send, s, "x") try(s.getpeername, s)',
  );
  agree(
    'time is up for the rest',
    `for _, p in ipairs{"*a", 10} do local s = core.tcp() s:settimeout(0.2) s:connect("{echo}") s:send("abc") try(s.receive, s, p, "PRE") end
    local s = core.tcp() s:settimeout(0.2) s:connect("{echo}") s:send("abc") try(s.receive, s, "*l", "PRE")`,
  );
  agree(
    'silence ends a connection that nobody reads',
    'local s = core.tcp() s:settimeout(0.2) s:connect("{echo}") core.msleep(600) try(s.send, s, "x\\n") try(s.receive, s)',
  );
  agree(
    'parts of a text',
    `${open} try(s.send, s, "0123456789", 3, 5) try(s.receive, s, 3) try(s.send, s, "0123456789", -3) try(s.receive, s, 3)
    try(s.send, s, "0123456789", -3, -2) try(s.receive, s, 2) try(s.send, s, "0123456789", 5, 3)`,
  );
  differ('a part that ends beyond the text', `${open} try(s.send, s, "0123456789", 5, 300) try(s.receive, s, 6)`);
  agree(
    'wrong arguments of send',
    `${open} try(s.send, s) try(s.send, s, nil) try(s.send, s, {}) try(s.send, s, "x", "a") try(s.send, s, "x", 1, 1, 1) try(s.send, s, 12) try(s.receive, s, 2) try(s.send, s, "")`,
  );
  agree(
    'sent before the connection',
    'local s = core.tcp() try(s.send, s, "early\\n") try(s.connect, s, "{echo}") try(s.receive, s)',
  );
  agree(
    'received before the connection',
    'local s = core.tcp() try(s.receive, s) try(s.connect, s, "{echo}") try(s.settimeout, s, 1)',
  );
  agree(
    'after close',
    `${open} s:close() try(s.receive, s) try(s.send, s, "x") try(s.connect, s, "{echo}") try(s.settimeout, s, 1) try(s.close, s)`,
  );
  agree(
    'over TLS',
    'local host, port = ("{tls}"):match("(.*):(.*)") local s = core.tcp() try(s.connect_ssl, s, host, tonumber(port)) s:send("GET /ok HTTP/1.0\\r\\n\\r\\n") try(s.receive, s) try(s.receive, s, "*a")',
  );
  agree('fields of a script', 'local s = core.tcp() s.mine = 1 say(s.mine, s.other)');
  alone(
    'a megabyte there and back',
    `${open} local big = ("x"):rep(1000000) try(s.send, s, big) local got = s:receive(1000000) say(got == big)`,
  );
  alone('a line longer than a buffer', `${open} s:send(("y"):rep(100000) .. "\\n") say(#s:receive("*l"))`);
  alone(
    'sent after the peer has closed',
    `${open} s:send("tail CLOSE") core.msleep(200) try(s.send, s, "zzz") try(s.receive, s, "*a")`,
  );
  alone(
    'two sockets at once',
    `${open} local t = core.tcp() t:connect("{echo}") s:send("1\\n") t:send("2\\n") say(t:receive(), s:receive())`,
  );
});
