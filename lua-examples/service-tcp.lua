-- A service for connections: sends each line back in reverse, until an empty one.
core.register_service("reverse", "tcp", function(applet)
  applet:send("send me lines\n")
  while true do
    local line = applet:getline():gsub("[\r\n]", "")
    if line == "" then return end
    applet:send(line:reverse() .. "\n")
  end
end)
