-- Events: a function is called when servers go up and down.
local last = "nothing yet"

core.event_sub({ "SERVER_UP", "SERVER_DOWN" }, function(event, data, sub, when)
  last = data.proxy_name .. "/" .. data.name .. " " .. event
end)

core.register_fetches("last_event", function() return last end)

core.register_action("maintain", { "http-req" }, function(txn)
  local server = core.backends["be"].servers["s1"]
  if txn.sf:path() == "/down" then server:set_maint() else server:set_ready() end
  core.msleep(10)
end)
