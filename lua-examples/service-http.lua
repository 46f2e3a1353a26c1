-- A service: answers in a server's place.
core.register_service("greeting", "http", function(applet)
  local text = applet.method .. " " .. applet.path .. ": " .. #applet:receive() .. " bytes\n"
  applet:set_status(200)
  applet:add_header("content-type", "text/plain")
  applet:add_header("content-length", tostring(#text))
  applet:start_response()
  applet:send(text)
end)
