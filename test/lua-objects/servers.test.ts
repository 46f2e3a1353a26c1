import { lab } from './lab.ts';

const one = 'local s = core.backends.be.servers.s1 ';

lab(
  'Proxies and servers of Lua',
  ({ agree, alone }) => {
    agree(
      'tables of proxies',
      'local function names(t) local n = {} for k in pairs(t) do n[#n + 1] = k end table.sort(n) return table.concat(n, " ") end say(names(core.proxies)) say(names(core.frontends)) say(names(core.backends)) say(names(core.proxies.be.servers)) say(names(core.proxies.fe.servers)) say(names(core.proxies.be.listeners))',
    );
    agree(
      'names',
      'local p = core.proxies.be say(p, p.name, p.servers.s1, p.servers.s1.name, p.servers.s1.puid, p.servers.none, core.proxies.none, p.none)',
    );
    agree(
      'what a proxy is',
      'for _, n in ipairs{"fe", "be", "li"} do local p = core.proxies[n] say(p:get_cap(), p:get_mode()) end',
    );
    agree(
      'wrong objects',
      `local b = core.backends.be ${one} try(b.get_mode, {}) try(b.get_mode, s) try(b.get_stats) try(s.get_weight, {}) try(s.get_weight) try(s.set_drain, b)`,
    );
    agree(
      'what a server is',
      'for _, n in ipairs{"s1", "s2", "s3", "s4"} do local s = core.backends.be.servers[n] say(s:is_draining(), (s:get_addr():gsub("%d+$", "P")), s:get_maxconn(), s:get_weight()) end',
    );
    agree(
      'weights',
      `${one} for _, w in ipairs{"20", "abc", 30, "300", "-1", "", "100%", "0", "1"} do try(s.set_weight, s, w) say(s:get_weight()) end try(s.set_weight, s) try(s.set_weight, s, {})`,
    );
    agree(
      'limits',
      `${one} for _, m in ipairs{"12", "abc", 13, "0"} do try(s.set_maxconn, s, m) say(s:get_maxconn()) end try(s.set_maxconn, s)`,
    );
    agree(
      'addresses',
      `local s = core.backends.be.servers.s5 try(s.set_addr, s, "127.0.0.2") say(s:get_addr()) try(s.set_addr, s, "127.0.0.3", "8080") try(s.set_addr, s, "127.0.0.3", 8081) try(s.set_addr, s, "127.0.0.3", 8081)
    try(s.set_addr, s, "127.0.0.3:99") try(s.set_addr, s, "nohost") try(s.set_addr, s, "127.0.0.1", "abc") say(s:get_addr()) try(s.set_addr, s, "::1", 99) say(s:get_addr()) try(s.set_addr, s)`,
    );
    agree(
      'states by hand',
      `local s = core.backends.be.servers.s6 for _, m in ipairs{"set_drain", "set_maint", "set_ready", "set_drain", "set_ready"} do try(s[m], s) say(s:get_stats().status, s:is_draining()) end`,
    );
    agree(
      'states by checks',
      `local s = core.backends.be.servers.s7 for _, m in ipairs{"check_force_down", "check_force_up", "check_force_nolb", "check_force_up", "agent_force_down", "agent_force_up", "agent_disable", "agent_enable", "shut_sess"} do try(s[m], s) say(m, s:get_stats().status) end`,
    );
    agree(
      'states of the tracking',
      'local b = core.backends.be.servers b.s8:set_maint() say(b.s9:get_stats().status) b.s8:set_ready() say(b.s9:get_stats().status)',
    );
    agree(
      'columns of a backend',
      'local t = core.backends.be:get_stats() for _, n in ipairs{"pxname", "svname", "type", "qcur", "scur", "bin", "status", "mode", "act", "bck", "econ", "hrsp_2xx", "lastchg", "none"} do say(n, n == "act" and "-" or n == "lastchg" and "-" or t[n]) end',
    );
    agree(
      'columns of a frontend',
      'local t = core.frontends.fe:get_stats() for _, n in ipairs{"pxname", "svname", "type", "scur", "stot", "status", "mode", "hrsp_5xx", "conn_tot", "req_tot"} do say(n, t[n]) end',
    );
    agree(
      'columns of a server',
      `local t = core.backends.be.servers.s2:get_stats() for _, n in ipairs{"pxname", "svname", "type", "sid", "scur", "slim", "status", "weight", "mode", "act", "bck", "throttle"} do say(n, t[n]) end`,
    );
    agree(
      'paused and resumed',
      `local f = core.frontends.fe try(f.pause, f) say(f:get_stats().status) try(f.pause, f) local s = core.tcp() try(s.connect, s, "unix@{folder}/fe.sock") try(f.resume, f) say(f:get_stats().status) try(f.resume, f)`,
    );
    agree(
      'a backend is not paused',
      'local b = core.backends.be try(b.pause, b) say(b:get_stats().status) try(b.resume, b) try(b.shut_bcksess, b)',
    );
    agree(
      'stopped',
      'local f = core.frontends.gone try(f.stop, f) say(f:get_stats().status) try(f.stop, f) try(f.resume, f)',
    );
    alone(
      'newer names',
      `${one} local p = core.backends.be say(p:get_name(), p:get_uuid() == p.uuid, s:get_name(), s:get_puid(), s:get_proxy() == p, s:is_backup(), s:is_dynamic(), s:get_rid(), s:get_cur_sess(), s:get_pend_conn())`,
    );
    alone(
      'servers that count',
      'local p = core.backends.two say(p:get_srv_act(), p:get_srv_bck()) p.servers.a:set_maint() say(p:get_srv_act(), p:get_srv_bck()) p.servers.a:set_ready() say(core.frontends.fe:get_srv_act())',
    );
    alone(
      'who tracks whom',
      'local b = core.backends.be.servers say(b.s9:tracking() == b.s8, b.s8:tracking(), #b.s8:get_trackers(), b.s8:get_trackers()[1] == b.s9, #b.s1:get_trackers())',
    );
    alone('no mailers', 'say(core.backends.be:get_mailers()) try(core.use_native_mailers_config)');
    alone(
      'listeners',
      'for _, n in ipairs{"named", "sock-2"} do local l = core.frontends.fe.listeners[n] say(n, l, l and l:get_stats().status, l and l:get_stats().svname) end',
    );
    alone(
      'events of a server',
      `local s, q = core.backends.two.servers.a, core.queue() local sub = s:event_sub({"SERVER_UP", "SERVER_DOWN", "SERVER_STATE", "SERVER_ADMIN"}, function(event, data, sub, when) q:push({event, data, sub, when}) end) say(sub)
    s:set_maint() for i = 1, 3 do local e = q:pop_wait() say(e[1], e[3], math.abs(e[4] - os.time()) < 5) list(e[2]) end s:set_ready() for i = 1, 3 do local e = q:pop_wait() say(e[1]) list(e[2]) end
    sub:unsub() s:set_drain() s:set_ready() core.msleep(30) say(q:size())`,
    );
    alone(
      'events of all servers',
      `local s, q = core.backends.two.servers.b, core.queue() local sub = core.event_sub({"SERVER"}, function(event, data) if data.name == "b" then q:push(event .. " " .. data.proxy_name) end end)
    s:check_force_down() s:check_force_up() for i = 1, 4 do say(q:pop_wait()) end sub:unsub()`,
    );
    alone(
      'too many events',
      `local s, n, gate = core.backends.two.servers.b, 0, core.queue() local function reach(count) for i = 1, 200 do if n >= count then break end core.msleep(20) end core.msleep(50) return n end
    local sub = s:event_sub({"SERVER_ADMIN"}, function(event) n = n + 1 if n == 1 then gate:pop_wait() end end) s:set_drain() reach(1)
    for i = 1, 150 do s:set_ready() s:set_drain() end gate:push(1) say(reach(101)) s:set_ready() say(reach(102)) sub:unsub()`,
    );
    alone(
      'events that are none',
      'local f = function() end try(core.event_sub, {"SERVER_UPP"}, f) try(core.event_sub, {"PAT_REF"}, f) try(core.event_sub, {}, f) try(core.event_sub, "SERVER", f) try(core.event_sub, {"SERVER"}, 1) try(core.event_sub, {"ACME_DEPLOY"}, f)',
    );
  },
  {
    sections: `frontend fe
  bind unix@{folder}/fe.sock name named
  bind unix@{folder}/fe2.sock
  use_backend be
frontend gone
  bind unix@{folder}/gone.sock
  use_backend be
listen li
  mode tcp
  bind unix@{folder}/li.sock
  server x {echo}
backend be
  server s1 {echo}
  server s2 {echo} weight 5 maxconn 10 backup disabled
  server s3 unix@{unix} track s4
  server s4 {echo} check inter 100s
  server s5 127.0.0.1:7001
  server s6 {echo}
  server s7 {echo} check inter 100s agent-check agent-port 9 agent-inter 100s
  server s8 {echo} check inter 100s
  server s9 {echo} track s8
backend two
  server a {echo}
  server b {echo}
  server c {echo} backup`,
  },
);
