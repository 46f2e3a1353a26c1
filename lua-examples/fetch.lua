-- A sample fetch: a value for conditions, logs and formats. It cannot wait.
core.register_fetches("client_kind", function(txn)
  local agent = txn.sf:req_fhdr("user-agent"):lower()
  if agent:find("bot") then return "bot" end
  if agent:find("curl") then return "tool" end
  return "browser"
end)
