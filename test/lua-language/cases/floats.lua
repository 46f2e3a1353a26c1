1e15, 1e14, 123456789012345.0, 1e16, 1e100, 1e-5, 1e-4, 0.1, 1/3, 100.0, 3.14159265358979, 2^53, 2^63
1/0, -1/0, -0.0, 0.0, 0.1 + 0.2, 1e300 * 1e10, 5e-324, 1.7976931348623157e308, 123456.789e3
12345678901234.5, 1234567890123.45, 0.00001234, 99999999999999.9, 999999999999999.9, 1e21, 1e22, 123e18
3.0, 3e0, 0x1p4, 0x.1, 0xA.8p1, 1e+2, 1E2, 3., .5
string.format("%g %g %g %g", 1e20, 0.1, 100000, 1000000), string.format("%g", 1e-5), string.format("%.3g", 1234.5)
string.format("%e %E %.0e %.2e", 12345.678, 0.00012, 5.5, 0), string.format("%f %.2f %.0f", 1.5, 2.345, 2.5)
string.format("%.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, 3.5), string.format("%.1f %.2f %.1f", 0.25, 0.125, 0.35)
string.format("%.14g %.17g %.3f", 0.1, 0.1, 1e22), string.format("%.20f", 0.1), string.format("%.10f", 1e10)
string.format("%5.1f|%-8.2f|%+.1f|% .1f|%08.3f|%#.0f", 3.14159, 2.5, 1.0, 1.0, -3.14159, 3.0)
string.format("%f %g %e", 1/0, -1/0, 1/0), string.format("%5.1f|%-6g|%06g", 1/0, 1/0, -1/0), string.format("%F", 1) == nil
string.format("%a %a %a %A", 1, 0.5, 0.1, 255.5), string.format("%.2a %.0a", 1.999, 1.5), string.format("%a", 0)
string.format("%#g %#.3g %#x %#o %#X", 1.0, 1.0, 255, 8, 255), string.format("%g", 1e15), string.format("%G", 1e-10)
string.format("%g %g", 123456789, 0.0001234567), string.format("%.15g", 2^53), string.format("%.99f", 0.5):sub(1, 10)
math.huge, -math.huge, math.huge - math.huge ~= 0, math.huge // 1, 5 // math.huge, -5 // math.huge, 2^1024
7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2, 7.5 % -2, 1e308 + 1e308, 0.1 * 3, 1 - 0.9
3.7 // 1, -3.7 // 1, 3.7 % 1 > 0.69, 2^31, 2^32 | 0, 1e3 | 0, 5.0 == 5
tostring(1e15), tostring(-1e15), tostring(1e-7), tostring(2^24), tostring(10 / 2), tostring(3 * 1.0)
0x7fffffffffffffff + 0.0, 0x7fffffffffffffff + 1.0, -9223372036854775808 + 0.0, 2^63 == math.maxinteger + 1.0
math.floor(-0.0), 1/math.floor(-0.0) > 0, math.ceil(-0.5), 0.0 == -0.0, 1/(-0.0), 1/(0 * -1)
math.frexp(8), math.frexp(0.3), math.frexp(0), math.ldexp(0.5, 4), math.ldexp(1, -1074), math.ldexp(1, 2000)
math.log10(1000), math.pow(2, 10), math.cosh(0), math.atan2(1, 1) == math.atan(1, 1), math.deg(math.pi), math.rad(180) == math.pi
