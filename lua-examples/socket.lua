-- A socket: asks a server that speaks in lines, here the one below.
core.register_action("ask", { "http-req" }, function(txn)
  local socket = core.tcp()
  socket:settimeout(1)
  if not socket:connect("127.0.0.1:8121") then
    return act.DENY
  end
  socket:send("GET " .. txn.sf:path() .. "\r\n")
  local line = socket:receive("*l")
  socket:close()
  txn:set_var("req.answer", line or "nothing")
end)

core.register_service("lines", "tcp", function(applet)
  applet:send("you said " .. applet:getline())
end)
