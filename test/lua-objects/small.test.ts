import { lab } from './lab.ts';

const files = `
local function file(name, text) local f = io.open("{folder}/" .. name, "w") f:write(text) f:close() return "{folder}/" .. name end
local str = file("str.map", "# comment\\nkey1 value1\\nkey2   value two  \\nnoval\\n5 five\\n")
local ip = file("ip.map", "10.0.0.0/8 ten\\n127.0.0.1 lo\\n::1 six\\n")
local int = file("int.map", "5 five\\n10:19 range\\n")
local reg = file("reg.map", "^re(.*)$ rx-\\\\1\\n")
local maps = { str = Map.new(str, Map._str), default = Map.new(str), ip = Map.new(ip, Map._ip), int = Map.new(int, Map._int), reg = Map.new(reg, Map._reg),
  beg = Map.new(str, Map._beg), dom = Map.new(str, Map._dom), sub = Map.new(str, Map._sub), dir = Map.new(str, Map._dir), ["end"] = Map.new(str, Map._end) }
local body = {}
local function note(f, ...) local values = table.pack(pcall(f, ...)) body[#body + 1] = tostring(values[1]) .. " " .. (tostring(values[2]):gsub("{folder}", "F")) end
note(Map.new, "{folder}/none.map", Map._str) note(Map.new, str, 99) note(Map.new, str, -1) note(Map.new, str, "str") note(Map.new) note(Map.new, str, 1, 2)
note(Map.new, str, Map._found) note(Map.new, int, Map._bool) note(Map.new, int, Map._bin) note(Map.new, int, Map._len) note(Map.new, str, Map._int) note(Map.new, str, Map._ip)
note(maps.str.lookup, maps.str, "key1") note(core.tcp)
`;

lab(
  'Small classes of Lua',
  ({ agree, alone }) => {
    agree(
      'Concat',
      'local c = core.concat() try(c.add, c, "a") try(c.add, c, 12) try(c.dump, c) say(#c:dump()) try(c.dump, core.concat())',
    );
    agree(
      'wrong arguments of Concat',
      'local c = core.concat() try(c.add, c) try(c.add, c, {}) try(c.add) try(c.dump, {}) try(c.dump, "x") try(core.concat, 1)',
    );
    agree('what a Concat is called', 'say((tostring(core.concat()):gsub("0x%x+", "ADDRESS")))');
    agree(
      'Regex',
      'local ok, r = Regex.new("x(a)(b)?(c)?", true) say(ok, r) try(r.exec, r, "zzxab") try(r.exec, r, "XAB") try(r.exec, r, 12) local st, t = r:match("zzxacq") say(st) list(t) st, t = r:match("none") say(st) list(t)',
    );
    agree('Regex without regard to case', 'local ok, r = Regex.new("ABC", false) say(r:exec("xabcx"))');
    agree(
      'a Regex that is none',
      'try(Regex.new, "a(", true) try(Regex.new) try(Regex.new, "abc") try(Regex.new, "abc", nil) try(Regex.new, "abc", 1)',
    );
    agree(
      'wrong arguments of Regex',
      'local ok, r = Regex.new("a", true) try(r.exec, r) try(r.match, r) try(r.exec, {}, "a") try(r.exec, nil, "a") try(r.exec, r, {})',
    );
    agree(
      'groups of a Regex',
      'local ok, r = Regex.new(("(a)"):rep(25), true) local st, t = r:match(("a"):rep(25)) say(st, #t, t[20], t[21])',
    );
    agree(
      'bytes that are zero in a Regex',
      'local ok, r = Regex.new("a.b", true) say(r:exec("a\\0b"), r:exec("xx\\0a-b"))',
    );
    agree(
      'constants of Map',
      'for _, n in ipairs{"int", "ip", "str", "beg", "sub", "dir", "dom", "end", "reg", "regm", "found", "bool", "bin", "len"} do say(n, Map["_" .. n], Map[n]) end',
    );
    agree('Map.new when the script is loaded', 'for _, line in ipairs(body) do say(line) end');
    agree(
      'Map.new at run time',
      'try(Map.new, "{folder}/str.map", Map._str) try(Map.new, "{folder}/other.map", Map._str)',
    );
    agree(
      'texts in a Map',
      'local m = maps.str say(m) for _, k in ipairs{"key1", "key2", "none", "noval", 5} do try(m.lookup, m, k) try(m.slookup, m, k) end say(maps.default:lookup("key1"))',
    );
    agree(
      'parts of texts in a Map',
      'say(maps.beg:lookup("key1xyz"), maps.dom:lookup("a.key1.b"), maps.sub:lookup("xkey1x"), maps.dir:lookup("/a/key1/b"), maps["end"]:lookup("xkey1"), maps["end"]:lookup("key1x"))',
    );
    agree(
      'addresses in a Map',
      'local m = maps.ip for _, k in ipairs{"10.2.3.4", "127.0.0.1", "::1", "1.2.3.4", "xx", 2130706433} do try(m.lookup, m, k) try(m.slookup, m, k) end',
    );
    agree(
      'numbers in a Map',
      'local m = maps.int for _, k in ipairs{5, "5", 12, 20, 5.0, 5.7, "abc"} do try(m.lookup, m, k) end',
    );
    agree('regular expressions in a Map', 'say(maps.reg:lookup("restart"), maps.reg:slookup("xx"))');
    agree(
      'wrong arguments of lookup',
      'local m = maps.str try(m.lookup, m) try(m.lookup) try(m.lookup, m, "a", "b") try(m.lookup, {}, "a") try(m.lookup, m, true) try(m.slookup, m)',
    );
    alone(
      'Queue',
      'local q = core.queue() say(q, q:size(), q:pop()) say(q:push("a"), q:push(1), q:push(false), q:size()) say(q:pop(), q:pop(), q:pop(), q:pop()) local t = {x = 1} q:push(t) say(q:pop() == t)',
    );
    alone(
      'wrong arguments of Queue',
      'local q = core.queue() try(q.push, q) try(q.push, q, nil) try(q.push, {}, 1) try(q.pop) try(q.pop_wait, {}) try(q.size, 1)',
    );
    alone(
      'a task that waits for a Queue',
      'local q = core.queue() core.register_task(function() core.msleep(30) q:push("late") end) say(q:pop_wait())',
    );
    alone(
      'two that wait for a Queue are served in turn',
      `local q, out = core.queue(), core.queue() for i = 1, 2 do core.register_task(function() core.msleep(i * 10) out:push(i .. q:pop_wait()) end) end
    core.msleep(60) q:push("a") q:push("b") say(out:pop_wait(), out:pop_wait())`,
    );
    alone(
      'an alarm',
      'local q = core.queue() core.register_task(function() core.msleep(20) q:push(1) end) q:alarm() core.wait(5000) say(q:pop())',
    );
    alone(
      'Patref of a map',
      `local p = core.get_patref("{folder}/live.map") say(p, p:is_map(), p.a, p.none) say(p:set("a", "2"), p.a) try(p.set, p, "none", "x") say(p:set("none", "x", true), p.none)
    say(p:del("none"), p:del("none"), p.none) say(p:add("n", "1"), p.n) p:del("n") for k, v in pairs(p) do say(k, v) end p:set("a", "1")`,
    );
    alone(
      'Patref prepared and committed',
      `local p = core.get_patref("{folder}/two.map") p:prepare() p:add("x", "1") p:add_bulk{y = "2"} say(p.x, p.y, core.get_patref("{folder}/two.map").x) say(p:commit(), p.x, p.a)
    try(p.commit, p) p:prepare() p:add("z", "3") p:giveup() say(p.z, p.x)`,
    );
    alone(
      'a version prepared later wins',
      `local a, b = core.get_patref("{folder}/two.map"), core.get_patref("{folder}/two.map") a:prepare() b:prepare() a:add("a", "1") b:add("b", "1") say(b:commit()) try(a.commit, a)`,
    );
    alone(
      'Patref of a list',
      'local p = core.get_patref("virt@list") say(p:get_name(), p:is_map(), p.k) p:add("k") say(p.k) p:add_bulk{[0] = "l", "m"} say(p.l, p.m) try(p.set, p, "k", "v") p:purge() say(p.k)',
    );
    alone(
      'what Patref tells',
      `local p, out = core.get_patref("{folder}/live.map"), core.queue() local sub = p:event_sub({"PAT_REF"}, function(event, data, sub, when) out:push(event) end) say(sub)
    p:add("e", "1") p:set("e", "2") p:del("e") p:prepare() p:add("a", "1") p:commit() for i = 1, 4 do say(out:pop_wait()) end sub:unsub() p:set("a", "1") core.msleep(30) say(out:size())`,
    );
    alone('no such Patref', 'try(core.get_patref, "none") try(core.get_patref)');
    agree(
      'the older functions',
      'try(core.set_map, "{folder}/live.map", "a", "9") try(core.set_map, "{folder}/live.map", "a", "1") try(core.del_map, "{folder}/live.map", "zz") try(core.add_acl, "{folder}/list.acl", "x") try(core.del_acl, "{folder}/list.acl", "x")',
    );
    agree(
      'the older functions, wrongly',
      'try(core.set_map, "none", "a", "b") try(core.add_acl, "none", "a") try(core.del_acl, "none", "a") try(core.del_map, "none", "a") try(core.set_map, "x", "y") try(core.add_acl, "x")',
    );
    alone('there are no stick tables', 'say(core.proxies.cases.stktable)');
  },
  {
    body: `${files}
file("live.map", "a 1\\nb 2\\n") file("two.map", "a 1\\n") file("list.acl", "p\\n")`,
    sections: `frontend uses
  bind unix@{folder}/uses.sock
  http-request set-header x %[path,map({folder}/live.map)]%[path,map({folder}/two.map)] if { path -f {folder}/list.acl }`,
    newer: {
      sections: `frontend newer
  bind unix@{folder}/newer.sock
  http-request deny if { path -m str -f virt@list }`,
    },
  },
);
