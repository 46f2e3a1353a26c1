/** `socket.url`: URLs apart and together, RFC 3986. */
export const url: string = String.raw`
local url = { _VERSION = "URL 1.0.3" }

local function hex(c) return string.format("%%%02x", string.byte(c)) end

function url.escape(text)
  return (string.gsub(text, "([^A-Za-z0-9_])", hex))
end

function url.unescape(text)
  return (string.gsub(text, "%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

-- Segments keep what a path may hold as it is: RFC 3986 3.3.
local function segment(text)
  return (string.gsub(text, "([^A-Za-z0-9%-_.!~*'():@&=+$,])", hex))
end

function url.parse(text, default)
  local parsed = {}
  for key, value in pairs(default or parsed) do parsed[key] = value end
  if not text or text == "" then return nil, "invalid url" end
  text = string.gsub(text, "^([%w][%w%+%-%.]*)%:", function(scheme) parsed.scheme = scheme return "" end)
  text = string.gsub(text, "^//([^/%?#]*)", function(authority) parsed.authority = authority return "" end)
  text = string.gsub(text, "#(.*)$", function(fragment) parsed.fragment = fragment return "" end)
  text = string.gsub(text, "%?(.*)", function(query) parsed.query = query return "" end)
  text = string.gsub(text, "%;(.*)", function(params) parsed.params = params return "" end)
  if text ~= "" then parsed.path = text end
  local authority = parsed.authority
  if not authority then return parsed end
  authority = string.gsub(authority, "^([^@]*)@", function(userinfo) parsed.userinfo = userinfo return "" end)
  authority = string.gsub(authority, ":([^:%]]*)$", function(port) parsed.port = port return "" end)
  if authority ~= "" then parsed.host = string.match(authority, "^%[(.+)%]$") or authority end
  local userinfo = parsed.userinfo
  if not userinfo then return parsed end
  userinfo = string.gsub(userinfo, ":([^:]*)$", function(password) parsed.password = password return "" end)
  parsed.user = userinfo
  return parsed
end

function url.build(parsed)
  local text = parsed.path or ""
  if parsed.params then text = text .. ";" .. parsed.params end
  if parsed.query then text = text .. "?" .. parsed.query end
  local authority = parsed.authority
  if parsed.host then
    authority = parsed.host
    if string.find(authority, ":") then authority = "[" .. authority .. "]" end
    if parsed.port then authority = authority .. ":" .. tostring(parsed.port) end
    local userinfo = parsed.userinfo
    if parsed.user then
      userinfo = parsed.user
      if parsed.password then userinfo = userinfo .. ":" .. parsed.password end
    end
    if userinfo then authority = userinfo .. "@" .. authority end
  end
  if authority then text = "//" .. authority .. text end
  if parsed.scheme then text = parsed.scheme .. ":" .. text end
  if parsed.fragment then text = text .. "#" .. parsed.fragment end
  return text
end

-- RFC 3986 5.2.4.
local function without_dots(path)
  local out = {}
  local last
  for part in string.gmatch(path, "[^/]*") do
    last = part
    if part == ".." then
      if #out > 1 then table.remove(out) end
    elseif part ~= "." then
      out[#out + 1] = part
    end
  end
  if last == "." or last == ".." then out[#out + 1] = "" end
  return table.concat(out, "/")
end

function url.absolute(base, relative)
  local from = type(base) == "table" and base or url.parse(base)
  local to = type(relative) == "table" and relative or url.parse(relative)
  local base_text = type(base) == "table" and url.build(base) or base
  if not from then return type(relative) == "table" and url.build(relative) or relative end
  if not to then return base_text end
  if to.scheme then return type(relative) == "table" and url.build(relative) or relative end
  local result = {}
  for key, value in pairs(to) do result[key] = value end
  result.scheme = from.scheme
  if not to.authority then
    for _, key in ipairs { "authority", "host", "port", "userinfo", "user", "password" } do result[key] = from[key] end
    if not to.path then
      result.path = from.path
      if not to.params then
        result.params = from.params
        if not to.query then result.query = from.query end
      end
    elseif string.sub(to.path, 1, 1) == "/" then
      result.path = without_dots(to.path)
    else
      local folder = string.match(from.path or "/", "^(.*/)") or "/"
      result.path = without_dots(folder .. to.path)
    end
  end
  return url.build(result)
end

function url.parse_path(path)
  local parsed = {}
  path = path or ""
  for part in string.gmatch(path, "[^/]+") do parsed[#parsed + 1] = url.unescape(part) end
  if string.sub(path, 1, 1) == "/" then parsed.is_absolute = 1 end
  if string.sub(path, -1) == "/" then parsed.is_directory = 1 end
  return parsed
end

function url.build_path(parsed, unsafe)
  local parts = {}
  for at = 1, #parsed do parts[at] = unsafe and parsed[at] or segment(parsed[at]) end
  local path = table.concat(parts, "/")
  if #parsed > 0 and parsed.is_directory then path = path .. "/" end
  if parsed.is_absolute then path = "/" .. path end
  return path
end

return url
`;
