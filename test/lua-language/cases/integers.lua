1 + 1, 1 + 1.0, 10 // 3, 10.0 // 3, 10 % 3, -10 % 3, 10 % -3, -10 // 3
math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, math.mininteger - 1
math.maxinteger * 2, math.mininteger * -1, math.maxinteger * math.maxinteger
9007199254740991 + 1, 9007199254740992 + 1, 9007199254740993 - 2, -9007199254740992 - 1
9007199254740993, -9007199254740993, 9223372036854775807, 9223372036854775808, -9223372036854775808
0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x10000000000000000, 0xfffffffffffffffff
1 << 31, 1 << 32, 1 << 40, 1 << 62, 1 << 63, 1 << 64, 1 << -1, -1 >> 1, -1 >> 63, -1 >> 64, -1 << 63
2147483647 + 1, 2147483648 - 1, -2147483648 - 1, 4294967296 * 4294967296, 4294967295 * 4294967297
0xFF & 0x0F, 0xFF | 0x100, 0xFF ~ 0x0F, ~0, ~0xFF, ~math.maxinteger, ~(1 << 53)
0xFFFFFFFF & 0xFFFF0000, 0xFFFFFFFFFF & 0xF0F0F0F0F0, 0x123456789ABCDEF & 0xFFFFFFFF, -1 & 0xFFFFFFFFFFFF
0x123456789ABCDEF | 1, 0x123456789ABCDEF ~ -1, -1 ~ 0x7FFFFFFFFFFFFFFF, -5 & 3, -5 | 3, -5 ~ 3
-9007199254740991 & -2, -9007199254740991 | 1, ~9007199254740991, ~-9007199254740992, -9007199254740991 ~ 12345
1700000000 * 1000, 1700000000123 // 1000, 1700000000123 % 1000, os.time{year=2040,month=1,day=1,hour=0} > 2^31
7 // 0.0, -7 // 0.0, 0.0 / 0.0 ~= 0.0 / 0.0, 7 % math.huge, -7 % math.huge, 7 % -math.huge, 5.5 % 2, -5.5 % 2
pcall(function() return 1 // 0 end)
pcall(function() return 1 % 0 end)
pcall(function() return math.mininteger // -1, math.mininteger % -1 end)
3 | 1.0, 2^53 | 0, "7" | 8, "0x10" & 0xFF, "3.0" ~ 1
pcall(function() return 1.5 | 1 end)
pcall(function() return 2^64 | 1 end)
pcall(function() return "a" | 1 end)
pcall(function() return {} & 1 end)
pcall(function() return "1.5" | 1 end)
pcall(function() local x = 1.5 return x << 1 end)
1 == 1.0, math.maxinteger == math.maxinteger + 0.0, math.maxinteger < math.maxinteger + 0.0, 2^53 == 2^53 + 1, (1 << 53) + 1 == 2^53
math.maxinteger < math.huge, math.mininteger > -math.huge, math.maxinteger <= 2^63, math.maxinteger >= 2^63, math.mininteger == -2^63
9007199254740993 < 9007199254740992.0, 9007199254740993 > 9007199254740992.0, 9007199254740993 == 9007199254740992.0
1 < 1.5, 2 > 1.5, -1 < -0.5, 1 <= 1.0, 0 == -0.0, 1/0 > math.maxinteger
math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), math.tointeger(2^53), math.tointeger(2^63), math.tointeger({})
math.type(1), math.type(1.0), math.type("1"), math.type(2^31), math.type(1 << 31), math.type(10 // 2), math.type(10 / 2)
math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.ceil(-3.2), math.floor(2^40 + 0.5), math.floor(1e100), math.floor(5)
math.abs(-5), math.abs(-5.5), math.abs(math.mininteger), math.abs(math.maxinteger), math.abs(-9007199254740993)
math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(-7, -3), math.fmod(7.5, 2), math.fmod(-7.5, 2), math.fmod(math.mininteger, -1)
pcall(math.fmod, 1, 0)
math.fmod(1, 0.0), math.modf(3.7), math.modf(-3.7), math.modf(5), math.modf(math.huge), math.modf(-math.huge)
math.max(1, 2.5), math.max(2, 1), math.min(1.0, 1), math.max(1, 1.0), math.min(3, 2, 1), math.max(math.maxinteger, 1.0)
pcall(math.max)
pcall(math.floor, "x")
math.ult(1, 2), math.ult(-1, 2), math.ult(2, -1), math.ult(math.mininteger, math.maxinteger)
math.sqrt(16), math.exp(0), math.log(8, 2), math.log(100, 10), math.log(1), math.sin(0), math.cos(0), math.pi
2^10, 2^0.5 == math.sqrt(2), (-2)^2, -2^2, 2^-1, 10 / 2, 7 / 2, 1e15 // 1, 3 // 1.5
tonumber("10"), tonumber("0x10"), tonumber("1e1"), tonumber("  10  "), tonumber("10a"), tonumber(""), tonumber(" "), tonumber("1 2")
tonumber("9223372036854775807"), tonumber("9223372036854775808"), tonumber("-9223372036854775808"), tonumber("-9223372036854775809")
tonumber("0x7fffffffffffffff"), tonumber("0xffffffffffffffff"), tonumber("1700000000123"), tonumber("00012"), tonumber("-0"), tonumber("+5")
tonumber("0x.8"), tonumber("0x1p4"), tonumber("0x1.8p1"), tonumber("0x"), tonumber("0xg"), tonumber("1e"), tonumber("1e+"), tonumber(".5"), tonumber("5."), tonumber(".")
tonumber("0x1P-2"), tonumber("-0x10"), tonumber("- 1"), tonumber("inf"), tonumber("nan"), tonumber("1e400"), tonumber("-1e400"), tonumber("1e-400")
tonumber("10", 2), tonumber("ff", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("-ff", 16), tonumber(" 11 ", 2), tonumber("1.0", 10), tonumber("7fffffffffffffff", 16)
tonumber("ffffffffffffffffff", 16), tonumber("", 10), tonumber("1", 36), tonumber("9", 10)
pcall(tonumber, "1", 1)
pcall(tonumber, 10, 10)
pcall(tonumber)
tonumber(nil), tonumber({}), tonumber(true), tonumber(5), tonumber(5.5)
"10" + 1, "10" * "2", "3" - "1", "10" / "2", "7" // "2", "7" % "4", "2" ^ "3", -"2", "0x10" + 0, "1e1" + 0, " 5 " + 0
10 .. "", 1.0 .. "", -0.0 .. "", 2^63 .. "", math.mininteger .. "", 1e100 .. ""
pcall(function() return "a" + 1 end)
pcall(function() return {} + 1 end)
pcall(function() return nil .. "x" end)
(function() local n = 0 for i = 1, 3 do n = n + i end return n end)(), (function() local t = {} for i = 10, 1, -3 do t[#t + 1] = i end return table.concat(t, " ") end)()
(function() local t = {} for i = 1.0, 2, 0.5 do t[#t + 1] = i end return table.concat(t, " ") end)()
(function() local t = {} for i = 1, 3.5 do t[#t + 1] = math.type(i) end return table.concat(t, " ") end)()
(function() local n = 0 for i = math.maxinteger - 2, math.maxinteger - 1 do n = n + 1 end return n end)()
(function() local n = 0 for i = math.mininteger + 2, math.mininteger + 1, -1 do n = n + 1 end return n end)()
(function() local n = 0 for i = 3, 1 do n = n + 1 end for i = 1, -math.huge do n = n + 1 end for i = 1, 0.5 do n = n + 1 end return n end)()
(function() local n = 0 for i = 1, math.huge do n = n + 1 if n == 5 then break end end return n end)()
(function() local n = 0 for i = 9007199254740990, 9007199254740994 do n = n + i % 10 end return n end)()
(function() local t = {} for i = "1", 2 do t[#t + 1] = i end return table.concat(t, " ") end)()
(function() local t = {} for i = 1, "2" do t[#t + 1] = i end return table.concat(t, " ") end)()
pcall(function() for i = 1, "x" do end end)
pcall(function() for i = "x", 1 do end end)
pcall(function() for i = 1, 2, {} do end end)
(function() local h = 5381 for c in ("hello world"):gmatch(".") do h = (h * 33 + c:byte()) & 0xFFFFFFFF end return h end)()
(function() local h = 14695981039346656037 for c in ("hello"):gmatch(".") do h = (h ~ c:byte()) * 1099511628211 end return h, string.format("%x", h) end)()
(function() local a, b = 0, 1 for i = 1, 100 do a, b = b, a + b end return a, b end)()
(function() local x = 1 for i = 1, 64 do x = x * 3 end return x, x // 7, x % 7, x >> 5, x << 5 end)()
(function() local t = {} t[2^53] = "a" t[1 << 53] = "b" t[1.0] = "c" t[1] = "d" return t[2^53], t[1], t[9007199254740992] end)()
(function() local t = {} t[math.maxinteger] = 1 t[math.mininteger] = 2 t[2^63] = 3 return t[math.maxinteger], t[math.mininteger], t[2^63], t[-2^63] end)()
next({[3.0] = 1}), next({[2^53] = 1}), next({[1 << 62] = 1}), math.type(next({[3.0] = 1}))
string.rep("x", 3) == "xxx", #tostring(math.pi), tostring(3) == "3", tostring(3.0) == "3.0", 3 | 0 == 3
bit32.band(0xFF, 0x0F), bit32.bor(1, 2), bit32.bxor(5, 1), bit32.bnot(0), bit32.lshift(1, 31), bit32.rshift(-1, 28), bit32.arshift(-8, 1), bit32.extract(0xF0, 4, 4), bit32.replace(0, 5, 4, 4), bit32.lrotate(0x80000001, 1), bit32.btest(1, 2)
