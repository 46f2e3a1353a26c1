-- A filter: sees the heads and bodies that pass, and may change them. Here it hides what looks like the number of a card.
local Mask = { id = "mask", flags = filter.FLT_CFG_FL_HTX }
Mask.__index = Mask

function Mask:new()
  return setmetatable({ count = 0 }, Mask)
end

function Mask:start_analyze(txn, channel)
  if channel:is_resp() then filter.register_data_filter(self, channel) end
end

function Mask:http_headers(txn, message)
  return filter.CONTINUE
end

function Mask:http_payload(txn, message)
  -- A number may lie over two pieces: all of the body is waited for, which suits small ones only.
  if not message:eom() then return 0 end
  local body = message:body()
  if body then message:set((body:gsub("%d%d%d%d %d%d%d%d %d%d%d%d (%d%d%d%d)", "**** **** **** %1"))) end
end

core.register_filter("mask", Mask, function(mask, args) return mask end)
