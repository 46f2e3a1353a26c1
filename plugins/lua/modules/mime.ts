/** `mime`: LuaSocket's encodings and their filters. What is kept back of a chunk is the second result, as LTN12's cycles want it. */
export const mime: string = String.raw`
local base64 = require "base64"
local ltn12 = require "ltn12"
local mime = { _VERSION = "MIME 1.0.3", encodet = {}, decodet = {}, wrapt = {} }

-- All but what does not fill a group is done; without a second piece the rest, too.
local function grouped(size, convert)
  return function(first, second)
    if not first then return nil, nil end
    local text = first .. (second or "")
    local whole = second and #text - #text % size or #text
    local out = convert(string.sub(text, 1, whole))
    if not second then return out ~= "" and out or nil, nil end
    return out, string.sub(text, whole + 1)
  end
end
mime.b64 = grouped(3, base64.encode)
local unb64 = grouped(4, base64.decode)
function mime.unb64(first, second)
  local clean = first and string.gsub(first, "[^%w+/=]", "")
  return unb64(clean, second and string.gsub(second, "[^%w+/=]", "") or nil)
end

local function quoted(byte) return string.format("=%02X", string.byte(byte)) end

function mime.qp(first, second, marker)
  if not first then return nil, nil end
  local text = first .. (second or "")
  local kept = ""
  if second then
    -- White space may be the end of a line.
    local at = string.find(text, "[ \t\r]*$")
    kept = string.sub(text, at)
    text = string.sub(text, 1, at - 1)
  end
  local out = string.gsub(text, "[^\r\n\t -<>-~]", quoted)
  out = string.gsub(out, "([ \t])(\r?\n)", function(space, line) return quoted(space) .. line end)
  if marker then out = string.gsub(out, "\r\n", marker) end
  if not second then
    out = string.gsub(out, "[ \t]$", quoted)
    return out ~= "" and out or nil, nil
  end
  return out, kept
end

function mime.unqp(first, second)
  if not first then return nil, nil end
  local text = first .. (second or "")
  local kept = ""
  if second then
    local at = string.find(text, "=%x?$") or string.find(text, "=?[ \t\r]*$")
    kept = string.sub(text, at)
    text = string.sub(text, 1, at - 1)
  end
  local out = string.gsub(text, "[ \t]+(\r?\n)", "%1")
  out = string.gsub(out, "=\r?\n", "")
  out = string.gsub(out, "=(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
  if not second then return out ~= "" and out or nil, nil end
  return out, kept
end

-- Breaks a text into lines; left is the room that the current line still has.
function mime.wrp(left, text, length)
  length = length or 76
  if not text then
    if left < length then return "\r\n", length end
    return nil, length
  end
  local out = {}
  for at = 1, #text do
    local byte = string.sub(text, at, at)
    if byte == "\n" then
      out[#out + 1] = "\r\n"
      left = length
    elseif byte ~= "\r" then
      if left <= 0 then
        out[#out + 1] = "\r\n"
        left = length
      end
      out[#out + 1] = byte
      left = left - 1
    end
  end
  return table.concat(out), left
end

function mime.qpwrp(left, text, length)
  length = length or 76
  if not text then
    if left < length then return "=\r\n", length end
    return nil, length
  end
  local out = {}
  local at = 1
  while at <= #text do
    local byte = string.sub(text, at, at)
    if byte == "\n" then
      out[#out + 1] = "\r\n"
      left = length
    elseif byte ~= "\r" then
      local need = byte == "=" and 3 or 1
      if left <= need then
        out[#out + 1] = "=\r\n"
        left = length
      end
      out[#out + 1] = byte
      left = left - 1
    end
    at = at + 1
  end
  return table.concat(out), left
end

-- Ends of lines, however they came; last is the character that may be half of one.
function mime.eol(last, text, marker)
  if not text then return nil, 0 end
  local out = {}
  for at = 1, #text do
    local code = string.byte(text, at)
    if code == 13 or code == 10 then
      if (last == 13 or last == 10) and last ~= code then
        last = 0
      else
        out[#out + 1] = marker or "\r\n"
        last = code
      end
    else
      out[#out + 1] = string.char(code)
      last = 0
    end
  end
  return table.concat(out), last
end

-- A dot at the beginning of a line is doubled: RFC 5321 4.5.2. State 2 is behind CR LF.
function mime.dot(state, text)
  if not text then return nil, 2 end
  local out = string.gsub(text, ".", function(byte)
    if byte == "\r" then
      state = 1
    elseif byte == "\n" then
      state = state == 1 and 2 or 0
    elseif byte == "." then
      local double = state == 2
      state = 0
      if double then return ".." end
    else
      state = 0
    end
  end)
  return out, state
end

local function choose(choices)
  return function(name, first, second)
    if type(name) ~= "string" then name, first, second = "default", name, first end
    local make = choices[name]
    if not make then error("unknown key (" .. tostring(name) .. ")", 3) end
    return make(first, second)
  end
end
local cycle = ltn12.filter.cycle

mime.encodet["base64"] = function() return cycle(mime.b64, "") end
mime.encodet["quoted-printable"] = function(mode) return cycle(mime.qp, "", mode == "binary" and "=0D=0A" or "\r\n") end
mime.decodet["base64"] = function() return cycle(mime.unb64, "") end
mime.decodet["quoted-printable"] = function() return cycle(mime.unqp, "") end
mime.encode = choose(mime.encodet)
mime.decode = choose(mime.decodet)
mime.wrapt["text"] = function(length)
  length = length or 76
  return cycle(mime.wrp, length, length)
end
mime.wrapt["base64"] = mime.wrapt["text"]
mime.wrapt["default"] = mime.wrapt["text"]
mime.wrapt["quoted-printable"] = function() return cycle(mime.qpwrp, 76, 76) end
mime.wrap = choose(mime.wrapt)
function mime.normalize(marker) return cycle(mime.eol, 0, marker) end
function mime.stuff() return cycle(mime.dot, 2) end

return mime
`;
