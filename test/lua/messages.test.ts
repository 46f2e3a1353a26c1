import { evaluations } from './harness.ts';

evaluations('Lua: messages and core', [
  {
    title: 'fields are lists from 0',
    code: 'local h = txn.http:req_get_headers() return h["x-a"][0], h["x-a"][1], h["x-a"][2], h["host"][0], h.none',
    expected: 'one|two|nil|h.example|nil',
  },
  { title: 'names are lower case', code: 'return txn.http:req_get_headers()["X-A"]', expected: 'nil' },
  {
    title: 'add',
    code: 'txn.http:req_add_header("X-A", "three") return txn.f:req_hdr_cnt("x-a"), txn.f:req_hdr("x-a")',
    expected: '3|three',
  },
  {
    title: 'set',
    code: 'txn.http:req_set_header("X-A", "only") return txn.f:req_hdr_cnt("x-a"), txn.f:req_hdr("x-a")',
    expected: '1|only',
  },
  { title: 'del', code: 'txn.http:req_del_header("X-A") return txn.f:req_hdr_cnt("x-a")', expected: '0' },
  { title: 'a number as a value', code: 'txn.http:req_set_header("n", 5) return txn.f:req_hdr("n")', expected: '5' },
  {
    title: 'rep_header',
    code: 'txn.http:req_rep_header("x-a", "^(o)ne$", "<\\\\1>") return txn.f:req_hdr("x-a", 1), txn.f:req_hdr("x-a", 2)',
    expected: '<o>|two',
  },
  {
    title: 'rep_value',
    code: 'txn.http:req_set_header("l", "a, b,a") txn.http:req_rep_value("l", "^a$", "z") return txn.f:req_fhdr("l")',
    expected: 'z, b,z',
  },
  {
    title: 'a bad expression',
    code: 'return txn.http:req_rep_value("x-a", "(", "z")',
    expected: "error|bad argument #2 to 'req_rep_value' (invalid regex)",
  },
  {
    title: 'set_method',
    code: 'txn.http:req_set_method("PUT") return txn.f:method()',
    expected: 'PUT',
    haproxy: 'GET',
  },
  { title: 'set_path', code: 'txn.http:req_set_path("/new") return txn.f:url()', expected: '/new?q=1' },
  { title: 'set_query', code: 'txn.http:req_set_query("z=2") return txn.f:url()', expected: '/p?z=2' },
  { title: 'set_uri', code: 'txn.http:req_set_uri("/u?v") return txn.f:path(), txn.f:query()', expected: '/u|v' },
  { title: 'the response is not there', code: 'return (pcall(txn.http.res_get_headers, txn.http))', expected: 'false' },
  {
    title: 'arguments are counted',
    code: 'return txn.http:req_set_header("a")',
    expected: "error|'req_set_hdr' needs 3 arguments",
  },
  {
    title: 'a reply has defaults',
    code: 'local r = txn:reply() return r.status, r.reason, r.body, type(r.headers)',
    expected: '200|OK|nil|table',
  },
  {
    title: 'a reply as given',
    code: 'local r = txn:reply({ status = 404, reason = "No", headers = { a = { "1", "2" } }, body = "b" }) return r.status, r.reason, r.body, r.headers.a[1], r.headers.a[2], r.headers.a[0]',
    expected: '404|No|b|1|2|nil',
    haproxy: '404|Not Found|b|1|2|nil',
  },
  {
    title: 'a reply is changed',
    code: 'local r = txn:reply() r:set_status(418) r:set_body("x") r:add_header("A", "1") r:add_header("a", "2") return r.status, r.reason, r.body, r.headers.a[1], r.headers.a[2]',
    expected: "418|I'm a teapot|x|2|nil",
  },
  { title: 'tokenize', code: 'return table.concat(core.tokenize("a,b,,c;d", ",;"), "/")', expected: 'a/b//c/d' },
  {
    title: 'tokenize without blanks',
    code: 'return table.concat(core.tokenize(",a,b,,c,", ",", true), "/")',
    expected: 'a/b/c',
  },
  { title: 'tokenize nothing', code: 'local t = core.tokenize("", ",") return #t, t[1]', expected: '1|' },
  {
    title: 'http_date',
    code: 'return core.http_date("Tue, 15 Nov 1994 08:12:31 GMT"), core.http_date("x")',
    expected: '784887151|nil',
  },
  {
    title: 'imf_date',
    code: 'return core.imf_date("Sun, 06 Nov 1994 08:49:37 GMT"), core.imf_date("Sunday, 06-Nov-94 08:49:37 GMT")',
    expected: '784111777|nil',
  },
  { title: 'rfc850_date', code: 'return core.rfc850_date("Sunday, 06-Nov-94 08:49:37 GMT")', expected: '784111777' },
  { title: 'asctime_date', code: 'return core.asctime_date("Sun Nov  6 08:49:37 1994")', expected: '784111777' },
  {
    title: 'parse_addr',
    code: 'return core.parse_addr("nonsense"), type(core.parse_addr("10.0.0.0/8")) ~= "nil"',
    expected: 'nil|true',
  },
  {
    title: 'match_addr',
    code: 'return core.match_addr(core.parse_addr("10.0.0.0/8"), core.parse_addr("10.1.2.3")), core.match_addr(core.parse_addr("10.0.0.0/8"), core.parse_addr("11.1.2.3"))',
    expected: 'true|false',
  },
  {
    title: 'match_addr of IPv6',
    code: 'return core.match_addr(core.parse_addr("2001:db8::/32"), core.parse_addr("2001:db8::1"))',
    expected: 'true',
  },
  {
    title: 'now',
    code: 'local n = core.now() return math.abs(n.sec - os.time()) < 3, n.usec < 1000000',
    expected: 'true|true',
  },
  {
    title: 'levels',
    code: 'return core.emerg, core.alert, core.crit, core.err, core.warning, core.notice, core.info, core.debug',
    expected: '0|1|2|3|4|5|6|7',
  },
  {
    title: 'a level that is none',
    code: 'return core.log(99, "x")',
    expected: "error|bad argument #1 to 'log' (Invalid loglevel.)",
  },
  { title: 'thread', code: 'return core.thread', expected: '0' },
  { title: 'msleep', code: 'core.msleep(5) return "woken"', expected: 'woken' },
  {
    title: 'sleep',
    code: 'core.sleep(0.01) return "woken"',
    expected: 'woken',
    haproxy: "error|bad argument #1 to 'sleep' (number has no integer representation)",
  },
  { title: 'yield', code: 'core.yield() core.yield() return "on"', expected: 'on' },
  {
    title: 'waiting inside pcall',
    code: 'local ok, v = pcall(function() core.msleep(2) return 5 end) return ok, v',
    expected: 'true|5',
  },
  {
    title: 'waiting inside an iterator',
    code: 'local s = 0 for i in function(_, i) core.msleep(1) i = (i or 0) + 1 if i < 4 then return i end end do s = s + i end return s',
    expected: '6',
  },
  {
    title: 'waiting in a metamethod',
    code: 'local t = setmetatable({}, { __index = function(_, k) core.msleep(1) return k end }) return t.abc',
    expected: 'abc',
  },
  { title: 'msleep wants a number', code: 'core.msleep()', expected: "error|'msleep' needs 1 arguments" },
  {
    title: 'sleep wants a number',
    code: 'core.sleep("x")',
    expected: "error|bad argument #1 to 'sleep' (number expected, got string)",
  },
  {
    title: 'unknown lists',
    code: 'return core.set_map("/none", "a", "b")',
    expected: "error|'set_map': unknown map file '/none'",
  },
  {
    title: 'get_info',
    code: 'local i = core.get_info() return i.Name, math.type(i.Pid), i.Nbthread',
    expected: 'HAProxy|integer|1',
  },
  {
    title: 'act',
    code: 'return act.CONTINUE, act.STOP, act.YIELD, act.ERROR, act.DONE, act.DENY, act.ABORT, act.INVALID',
    expected: '0|1|2|3|4|5|6|7',
  },
  { title: 'core.wait', code: 'core.wait(5) return "woken"', expected: 'woken', alone: true },
  {
    title: 'get_var of the process',
    code: 'txn:set_var("proc.lua_test", 5) return core.get_var("proc.lua_test"), core.get_var("txn.x")',
    expected: '5|nil',
    alone: true,
  },
]);
