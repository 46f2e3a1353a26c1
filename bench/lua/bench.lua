-- What the lua-… scenarios run for each request.
core.register_action("empty", { "http-req" }, function(txn) end)

core.register_action("headers", { "http-req" }, function(txn)
  local host = txn.f:req_hdr("host")
  local agent = txn.f:req_hdr("user-agent")
  local accept = txn.f:req_hdr("accept")
  txn.http:req_set_header("x-client", agent or "-")
  txn.http:req_set_header("x-wants", (accept or "-") .. "@" .. (host or "-"))
end)

core.register_action("msleep", { "http-req" }, function(txn)
  core.msleep(5)
end)
