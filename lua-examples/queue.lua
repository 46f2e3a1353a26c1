-- A queue: hands work from requests to a task, and its results back.
local work, done = core.queue(), {}

core.register_task(function()
  while true do
    local item = work:pop_wait()
    done[#done + 1] = item:upper()
  end
end)

core.register_action("enqueue", { "http-req" }, function(txn)
  work:push(txn.sf:path())
end)

core.register_fetches("results", function() return table.concat(done, " ") end)
