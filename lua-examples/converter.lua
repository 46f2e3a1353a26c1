-- A converter: makes another value of one.
core.register_converters("mask", function(address, shown)
  local parts = core.tokenize(address, ".")
  for at = #parts, tonumber(shown) + 1, -1 do parts[at] = "x" end
  return table.concat(parts, ".")
end)
