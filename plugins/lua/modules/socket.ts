/**
 * `socket`: LuaSocket's TCP over `core.tcp`, which waits without stopping the proxy. It is told what it needs of the host:
 * the time, and the addresses of a name.
 */
export const socket: string = String.raw`
local host = require "sluice.host"
local socket = { _VERSION = "LuaSocket 3.1.0", BLOCKSIZE = 2048, dns = {}, sinkt = {}, sourcet = {} }
local TCP = {}
TCP.__index = TCP
TCP.__tostring = function(self) return "tcp{" .. self.kind .. "}: " .. tostring(self.link):match("0x%x+$") end

-- HAProxy's texts by LuaSocket's names.
local function reason(text)
  text = tostring(text)
  if text:find("timeout") then return "timeout" end
  if text:find("refused") then return "connection refused" end
  if text:find("closed") or text:find("Can't connect") then return "closed" end
  return text
end

function socket.tcp()
  return setmetatable({ kind = "master", sent = 0, received = 0, born = host.time() }, TCP)
end
socket.tcp4, socket.tcp6 = socket.tcp, socket.tcp

-- Made late: core.tcp is there at run time only.
local function link(self)
  if self.closed then return nil, "closed" end
  if not self.link then
    self.link = core.tcp()
    if self.seconds then self.link:settimeout(self.seconds) end
  end
  return self.link
end

function TCP:settimeout(seconds)
  self.seconds = seconds
  if self.link and seconds then self.link:settimeout(seconds) end
  return 1
end

function TCP:connect(address, port)
  local sock, err = link(self)
  if not sock then return nil, err end
  local ok, why = sock:connect(address, tonumber(port))
  if not ok then return nil, reason(why) end
  self.kind = "client"
  return 1
end

-- TLS as HAProxy's own sockets have it; ssl.https uses it.
function TCP:connect_ssl(address, port)
  local sock, err = link(self)
  if not sock then return nil, err end
  local ok, why = sock:connect_ssl(address, tonumber(port))
  if not ok then return nil, reason(why) end
  self.kind = "client"
  return 1
end

function TCP:send(data, from, to)
  local sock, err = link(self)
  if not sock then return nil, err, 0 end
  from, to = from or 1, to or -1
  local piece = string.sub(data, from, to)
  if from < 0 then from = #data + from + 1 end
  if piece == "" then return from - 1 end
  local count, why = sock:send(piece)
  if not count then return nil, reason(why), from - 1 end
  self.sent = self.sent + count
  return from - 1 + count
end

function TCP:receive(pattern, prefix)
  local sock, err = link(self)
  if not sock then return nil, err, prefix or "" end
  local data, why, partial = sock:receive(pattern or "*l")
  prefix = prefix or ""
  if data then
    self.received = self.received + #data
    return prefix .. data
  end
  return nil, reason(why), prefix .. (partial or "")
end

function TCP:close()
  if self.link and not self.closed then self.link:close() end
  self.closed = true
  return 1
end

function TCP:shutdown() return 1 end
function TCP:setoption() return 1 end
function TCP:getoption() return nil, "unsupported option" end
function TCP:getstats() return self.received, self.sent, host.time() - self.born end
function TCP:dirty() return false end
function TCP:getfd() return -1 end
function TCP:getfamily() return "inet" end
function TCP:gettimeout() return self.seconds or -1, -1 end
for _, name in ipairs { "getpeername", "getsockname" } do
  TCP[name] = function(self)
    if not self.link then return nil, "Transport endpoint is not connected" end
    local text = self.link[name](self.link)
    if not text then return nil, "Transport endpoint is not connected" end
    local address, port = string.match(text, "^(.*):(%d+)$")
    return address or text, tonumber(port), "inet"
  end
end
for _, name in ipairs { "bind", "listen", "accept", "setfd" } do
  TCP[name] = function() error("socket: " .. name .. " is not available in a proxy; use a bind line or core.register_service") end
end

function socket.connect(address, port)
  local sock = socket.tcp()
  local ok, err = sock:connect(address, port)
  if not ok then
    sock:close()
    return nil, err
  end
  return sock
end
socket.connect4, socket.connect6 = socket.connect, socket.connect

for _, name in ipairs { "bind", "select", "udp", "udp4", "udp6" } do
  socket[name] = function() error("socket." .. name .. " is not available: waiting for it would stop the proxy") end
end

socket.gettime = host.time
function socket.sleep(seconds) core.msleep(math.max(1, math.floor(seconds * 1000))) end
socket.dns.gethostname = host.name
function socket.dns.toip(name)
  local list, err = host.resolve(name)
  if not list then return nil, err end
  return list[1], { name = name, alias = {}, ip = list }
end
function socket.dns.getaddrinfo(name)
  local list, err = host.resolve(name)
  if not list then return nil, err end
  local out = {}
  for at, address in ipairs(list) do out[at] = { family = address:find(":") and "inet6" or "inet", addr = address } end
  return out
end

function socket.skip(count, ...) return select(count + 1, ...) end
function socket.choose(choices)
  return function(name, first, second)
    if type(name) ~= "string" then name, first, second = "default", name, first end
    local make = choices[name or "nil"]
    if not make then error("unknown key (" .. tostring(name) .. ")", 3) end
    return make(first, second)
  end
end

-- Exceptions that carry their reason in a table, so that protect can tell them from faults.
function socket.newtry(finalizer)
  return function(first, ...)
    if first then return first, ... end
    if finalizer then pcall(finalizer) end
    error({ (...) }, 0)
  end
end
socket.try = socket.newtry()
function socket.protect(run)
  return function(...)
    local results = table.pack(pcall(run, ...))
    if results[1] then return table.unpack(results, 2, results.n) end
    if type(results[2]) == "table" then return nil, results[2][1] end
    error(results[2], 0)
  end
end

socket.sinkt["keep-open"] = function(sock)
  return function(chunk)
    if chunk then return sock:send(chunk) end
    return 1
  end
end
socket.sinkt["close-when-done"] = function(sock)
  return function(chunk)
    if chunk then return sock:send(chunk) end
    sock:close()
    return 1
  end
end
socket.sinkt["default"] = socket.sinkt["keep-open"]
socket.sink = socket.choose(socket.sinkt)

socket.sourcet["by-length"] = function(sock, length)
  return function()
    if length <= 0 then return nil end
    local chunk, err = sock:receive(math.min(socket.BLOCKSIZE, length))
    if err then return nil, err end
    length = length - #chunk
    return chunk
  end
end
socket.sourcet["until-closed"] = function(sock)
  local done
  return function()
    if done then return nil end
    local chunk, err, partial = sock:receive(socket.BLOCKSIZE)
    if not err then return chunk end
    if err ~= "closed" then return nil, err end
    sock:close()
    done = 1
    if partial ~= "" then return partial end
    return nil
  end
end
socket.sourcet["default"] = socket.sourcet["until-closed"]
socket.source = socket.choose(socket.sourcet)

return socket
`;
