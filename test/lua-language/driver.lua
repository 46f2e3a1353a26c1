-- Runs each line of its first argument as an expression, or as statements, and answers a line of results for each.
local source = ...
local results = {}

local function show(value)
  local text = tostring(value):gsub("0x%x%x%x%x%x%x+", "0x"):gsub("builtin: %x+", "0x")
  return (text:gsub("[%c\\\128-\255]", function(c) return ("\\%03d"):format(c:byte()) end))
end

local function run(line)
  local chunk, message = load("return " .. line, "=e")
  if not chunk then
    local statements = load(line, "=e")
    if not statements then return "syntax: " .. show(message) end
    chunk = statements
  end
  local values = table.pack(pcall(chunk))
  local texts = {}
  for i = 1, values.n do texts[i] = show(values[i]) end
  return table.concat(texts, "\t")
end

for line in source:gmatch("[^\n]+") do results[#results + 1] = run(line) end
return table.concat(results, "\n")
