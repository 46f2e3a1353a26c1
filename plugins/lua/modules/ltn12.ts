/** `ltn12`: filters, sources, sinks and pumps, as the LTN12 note describes them. */
export const ltn12: string = String.raw`
local ltn12 = { BLOCKSIZE = 2048, _VERSION = "LTN12 1.0.3", filter = {}, source = {}, sink = {}, pump = {} }
local filter, source, sink, pump = ltn12.filter, ltn12.source, ltn12.sink, ltn12.pump

-- A filter turns a chunk into another; nil asks for what it kept back, "" means that it needs more.
function filter.cycle(low, context, extra)
  return function(chunk)
    local out
    out, context = low(context, chunk, extra)
    return out
  end
end

function filter.chain(...)
  local filters, count = { ... }, select("#", ...)
  local top, at, pending = 1, 1, ""
  return function(chunk)
    pending = chunk and pending
    while true do
      if at == top then
        chunk = filters[at](chunk)
        if chunk == "" or top == count then return chunk end
        if chunk then
          at = at + 1
        else
          top = top + 1
          at = top
        end
      else
        pending = filters[at](chunk or "")
        if pending == "" then
          at = at - 1
          chunk = filters[at] and pending
        elseif pending then
          if at == count then return pending end
          at = at + 1
          chunk = pending
        else
          error("filter returned inappropriate nil")
        end
      end
    end
  end
end

local function nothing() return nil end
function source.empty() return nothing end

function source.error(err)
  return function() return nil, err end
end

function source.file(handle, err)
  if not handle then return source.error(err or "unable to open file") end
  return function()
    local chunk = handle:read(ltn12.BLOCKSIZE)
    if not chunk then handle:close() end
    return chunk
  end
end

function source.simplify(src)
  return function()
    local chunk, replacement = src()
    src = replacement or src
    if not chunk then return nil, replacement end
    return chunk
  end
end

function source.string(text)
  if not text then return source.empty() end
  local at = 1
  return function()
    local chunk = string.sub(text, at, at + ltn12.BLOCKSIZE - 1)
    at = at + ltn12.BLOCKSIZE
    if chunk ~= "" then return chunk end
    return nil
  end
end

function source.table(list)
  local at = 0
  return function()
    at = at + 1
    return list[at]
  end
end

function source.rewind(src)
  local kept = {}
  return function(chunk)
    if chunk then
      kept[#kept + 1] = chunk
      return
    end
    local back = table.remove(kept)
    if back then return back end
    return src()
  end
end

function source.chain(src, first, ...)
  if ... then first = filter.chain(first, ...) end
  local state, last, current = "feeding", "", ""
  return function()
    while true do
      if state == "feeding" then
        local err
        last, err = src()
        if err then return nil, err end
        current = first(last)
        if not current then
          if last then error("filter returned inappropriate nil") end
          return nil
        elseif current ~= "" then
          state = "eating"
          return current
        end
        if not last then return nil end
      else
        if not last then
          current = first(nil)
          return current
        end
        current = first("")
        if current == "" then
          state = "feeding"
        elseif not current then
          error("filter returned inappropriate nil")
        else
          return current
        end
      end
    end
  end
end

function source.cat(...)
  local sources = { ... }
  local current = table.remove(sources, 1)
  return function()
    while current do
      local chunk, err = current()
      if chunk then return chunk end
      if err then return nil, err end
      current = table.remove(sources, 1)
    end
  end
end

local function swallow() return 1 end
function sink.null() return swallow end

function sink.error(err)
  return function() return nil, err end
end

function sink.file(handle, err)
  if not handle then return sink.error(err or "unable to open file") end
  return function(chunk)
    if not chunk then
      handle:close()
      return 1
    end
    return handle:write(chunk)
  end
end

function sink.table(list)
  list = list or {}
  return function(chunk)
    if chunk then list[#list + 1] = chunk end
    return 1
  end, list
end

function sink.simplify(snk)
  return function(chunk, err)
    local ok, replacement = snk(chunk, err)
    if not ok then return nil, replacement end
    snk = replacement or snk
    return 1
  end
end

function sink.chain(first, second, ...)
  local filters = { first, second, ... }
  local snk = table.remove(filters)
  local through = #filters > 1 and filter.chain(table.unpack(filters)) or filters[1]
  return function(chunk, err)
    if chunk ~= "" then
      local out = through(chunk)
      local done = chunk and ""
      while true do
        local ok, why = snk(out, err)
        if not ok then return nil, why end
        if out == done then return 1 end
        out = through(done)
      end
    else
      return 1
    end
  end
end

-- One step: from the source to the sink.
function pump.step(src, snk)
  local chunk, err = src()
  local ok, why = snk(chunk, err)
  if chunk and ok then return 1 end
  return nil, err or why
end

function pump.all(src, snk, step)
  step = step or pump.step
  while true do
    local ok, err = step(src, snk)
    if not ok then
      if err then return nil, err end
      return 1
    end
  end
end

return ltn12
`;
