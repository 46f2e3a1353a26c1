-- A task: goes on by itself as long as the proxy runs. Waiting costs nothing.
local ticks = 0

core.register_task(function()
  while true do
    core.msleep(20)
    ticks = ticks + 1
  end
end)

core.register_fetches("ticks", function() return ticks end)
