/** `socket.http` and `ssl.https`: requests of HTTP/1.1 with LTN12 sources and sinks. */
export const http: string = String.raw`
local socket = require "socket"
local url = require "socket.url"
local ltn12 = require "ltn12"
local mime = require "mime"
local http = { TIMEOUT = 60, USERAGENT = socket._VERSION }

local PORTS = { http = 80, https = 443 }

local function lines(sock)
  local headers = {}
  local name
  while true do
    local line, err = sock:receive()
    if not line then return nil, err end
    if line == "" then return headers end
    local folded = string.match(line, "^%s+(.*)")
    if folded and name then
      headers[name] = headers[name] .. " " .. folded
    else
      local value
      name, value = string.match(line, "^(.-):%s*(.*)")
      if not name then return nil, "malformed reponse headers" end
      name = string.lower(name)
      headers[name] = headers[name] and headers[name] .. ", " .. value or value
    end
  end
end

-- The body of a chunked message, RFC 9112 7.1.
local function chunked(sock)
  local done
  return function()
    if done then return nil end
    local line, err = sock:receive()
    if err then return nil, err end
    local size = tonumber(string.gsub(line, ";.*", ""), 16)
    if not size then return nil, "invalid chunk size" end
    if size > 0 then
      local chunk, why = sock:receive(size)
      if not why then sock:receive() end
      return chunk, why
    end
    done = true
    local _, why = lines(sock)
    return nil, why
  end
end

local function send_chunked(sock)
  return function(chunk, err)
    if not chunk then
      if err then return nil, err end
      return sock:send("0\r\n\r\n")
    end
    return sock:send(string.format("%X\r\n%s\r\n", #chunk, chunk))
  end
end

local function target(given)
  local request = given.url and url.parse(given.url, { path = "/", scheme = "http" }) or {}
  for key, value in pairs(given) do request[key] = value end
  request.scheme = request.scheme or "http"
  if not request.host or request.host == "" then error({ "invalid host '" .. tostring(request.host) .. "'" }, 0) end
  request.port = tonumber(request.port) or PORTS[request.scheme]
  request.method = request.method or "GET"
  if not request.uri then
    local path = request.path
    if not path or path == "" then path = "/" end
    request.uri = url.build { path = path, params = request.params, query = request.query }
  end
  local headers = {
    ["user-agent"] = http.USERAGENT,
    host = request.port == PORTS[request.scheme] and request.host or request.host .. ":" .. request.port,
    connection = "close, TE",
    te = "trailers",
  }
  if request.user and request.password then
    headers.authorization = "Basic " .. (mime.b64(request.user .. ":" .. url.unescape(request.password)))
  end
  for key, value in pairs(request.headers or {}) do headers[string.lower(key)] = value end
  request.headers = headers
  if request.source and not headers["content-length"] then headers["transfer-encoding"] = "chunked" end
  return request
end

local function bodiless(request, code)
  return request.method == "HEAD" or code == 204 or code == 304 or (code >= 100 and code < 200)
end

local function redirects(request, code, headers)
  local place = headers.location
  return place and place ~= "" and request.redirect ~= false
    and (code == 301 or code == 302 or code == 303 or code == 307)
    and (request.method == "GET" or request.method == "HEAD")
    and (request.redirections or 0) < (tonumber(request.maxredirects) or 5)
end

local function exchange(given)
  local request = target(given)
  local sock = (request.create or socket.tcp)()
  local try = socket.newtry(function() sock:close() end)
  try(sock:settimeout(http.TIMEOUT))
  if request.scheme == "https" then
    try(sock:connect_ssl(request.host, request.port))
  else
    try(sock:connect(request.host, request.port))
  end
  local head = { string.format("%s %s HTTP/1.1\r\n", request.method, request.uri) }
  for name, value in pairs(request.headers) do head[#head + 1] = name .. ": " .. value .. "\r\n" end
  head[#head + 1] = "\r\n"
  try(sock:send(table.concat(head)))
  if request.source then
    local out = request.headers["content-length"] and socket.sink("keep-open", sock) or send_chunked(sock)
    try(ltn12.pump.all(request.source, out, request.step))
  end
  local status, code, headers
  repeat
    status = try(sock:receive())
    code = tonumber(string.match(status, "HTTP/%d*%.%d* (%d%d%d)"))
    if not code then try(nil, "invalid status line") end
    headers = try(lines(sock))
  until code ~= 100
  if redirects(request, code, headers) then
    sock:close()
    local again = {}
    for key, value in pairs(given) do again[key] = value end
    again.url = url.absolute(request.url, headers.location)
    again.host, again.port, again.uri, again.path = nil, nil, nil, nil
    again.redirections = (request.redirections or 0) + 1
    local result, result_code, result_headers, result_status = exchange(again)
    result_headers.location = result_headers.location or headers.location
    return result, result_code, result_headers, result_status
  end
  if not bodiless(request, code) then
    local length = tonumber(headers["content-length"])
    local from
    if headers["transfer-encoding"] and headers["transfer-encoding"]:lower() ~= "identity" then
      from = chunked(sock)
    elseif length then
      from = socket.source("by-length", sock, length)
    else
      from = socket.source("until-closed", sock)
    end
    try(ltn12.pump.all(from, request.sink or ltn12.sink.null(), request.step))
  end
  sock:close()
  return 1, code, headers, status
end

local function simple(address, body, scheme)
  local out = {}
  local request = { url = address, sink = ltn12.sink.table(out), target = out, scheme = scheme }
  if body then
    request.source = ltn12.source.string(body)
    request.headers = { ["content-length"] = #body, ["content-type"] = "application/x-www-form-urlencoded" }
    request.method = "POST"
  end
  local ok, code, headers, status = exchange(request)
  return table.concat(out), code, headers, status
end

http.request = socket.protect(function(request, body)
  if type(request) == "string" then return simple(request, body) end
  return exchange(request)
end)

local https = { PORT = 443, TIMEOUT = 60 }
https.request = socket.protect(function(request, body)
  if type(request) == "string" then return simple(request, body, "https") end
  local secure = {}
  for key, value in pairs(request) do secure[key] = value end
  if not secure.url then secure.scheme = "https" end
  return exchange(secure)
end)
package.loaded["ssl.https"] = https

return http
`;

/** `ssl.https` is made by `socket.http`, which it shares all but the connection with. */
export const https: string = String.raw`
require "socket.http"
return package.loaded["ssl.https"]
`;
