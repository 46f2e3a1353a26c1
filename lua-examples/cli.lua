-- A command of the Runtime API, with arguments.
core.register_cli({ "show", "sum" }, "show sum <numbers> : adds them", function(applet, ...)
  local sum = 0
  for _, word in ipairs({ select(3, ...) }) do sum = sum + (tonumber(word) or 0) end
  applet:send("the sum is " .. sum .. "\n")
end)
