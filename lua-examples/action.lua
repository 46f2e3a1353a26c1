-- An action: looks at the request and changes it. Its argument comes from the configuration.
core.register_action("greet", { "http-req" }, function(txn, whom)
  local agent = txn.sf:req_fhdr("user-agent")
  if agent:find("^evil") then
    txn:done(txn:reply{ status = 403, body = "No, " .. whom .. ".\n" })
  end
  txn.http:req_set_header("x-greeting", "Hello, " .. whom)
end, 1)
