-- A map: loaded with the script, looked up at any time.
local networks = Map.new("map.map", Map._ip)

core.register_fetches("network", function(txn)
  return networks:lookup(txn.f:src()) or "unknown"
end)
