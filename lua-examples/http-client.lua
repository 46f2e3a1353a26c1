-- Authentication by a request to somebody else: what that one refuses is not let in.
core.register_action("authenticate", { "http-req" }, function(txn, where)
  local token = txn.sf:req_fhdr("authorization")
  local answer = core.httpclient():get{ url = where, headers = { ["authorization"] = { token } }, timeout = 1000 }
  if answer.status ~= 200 then
    txn:done(txn:reply{ status = 401, headers = { ["www-authenticate"] = { "Bearer" } }, body = "who are you?\n" })
  end
  txn.http:req_set_header("x-user", answer.headers["x-user"] and answer.headers["x-user"][0] or "unknown")
end, 1)
