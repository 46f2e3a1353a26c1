/** Lua that prints; run in ours and, where it is installed, in lua5.3 with the libraries that are imitated (Debian's). */
export const CASES: Readonly<Record<string, string>> = {
  'cjson encodes': `
    local c = require "cjson"
    print(c.encode({}), c.encode({1,2,3}), c.encode({a=1}), c.encode({b=2.5}), c.encode("x/y\\n\\"\\1\\127"))
    print(c.encode({[1]=1,[3]=3}), c.encode(1e20), c.encode(1.0), c.encode(3), c.encode(-0.5), c.encode(1e-7), c.encode(123456.789))
    print(c.encode({[1.5]=1}), c.encode(true), c.encode(c.null), c.encode({a=c.null}), c.encode({{},{}}))
    print(c.encode("\\xc3\\xa9"), c.encode(0.1), c.encode(1/3))`,
  'cjson refuses to encode': `
    local c = require "cjson"
    print(pcall(c.encode, {[1]=1,[100]=1})) print(pcall(c.encode, {f=print})) print(pcall(c.encode, 0/0))
    print(pcall(c.encode, 1/0)) print(pcall(c.encode, {[{}]=1})) local t = {} t.t = t print(pcall(c.encode, t))`,
  'cjson decodes': `
    local c = require "cjson"
    local t = c.decode('{"a":[1,2,{"b":null}],"c":"x\\\\u00e9\\\\ud83d\\\\ude00\\\\n\\\\/","d":true,"e":false,"f":1.5e3}')
    print(t.a[1] == 1, t.a[3].b == c.null, t.c, t.d, t.e, t.f, #t.a)
    print(c.decode("null") == c.null, c.decode('""') == "", c.decode(" 12 ") == 12, type(c.null))
    print(string.format("%.14g", c.decode("[1.0,-3,0,12345678901234567890]")[4]), c.decode("[]")[1])`,
  'cjson refuses to decode': `
    local c = require "cjson"
    for _, text in ipairs { "{", "[1,]", "", "nul", '{"a":1}x', '{"a"}', '{"a":}', "[1 2]", '"\\\\x"', '"\\\\ud800"', "{1:2}", "[,1]", '{"a":1,}', "tru", "]", "}", '"abc', "[1", '{"a":1', "\\1" } do
      print(text, pcall(c.decode, text))
    end
    print(pcall(c.decode, string.rep("[", 1001) .. string.rep("]", 1001)))`,
  'cjson.safe': `
    local s = require "cjson.safe"
    print(s.decode("{")) print(s.encode(print)) print(s.encode({1})) print(s.decode("[7.5]")[1])`,
  bit: `
    local b = require "bit"
    print(b.tobit(0xffffffff), b.tobit(0x80000000), b.bnot(0), b.band(0xff0f, 0x0ff0, 0xfff), b.bor(1,2,4), b.bxor(5,3))
    print(b.lshift(1,31), b.rshift(-1,28), b.arshift(-256,4), b.rol(0x12345678,12), b.ror(0x12345678,12), b.bswap(0x12345678))
    print(b.tohex(255), b.tohex(255,2), b.tohex(255,-4), b.lshift(1,32), b.rshift(1,33), b.tobit(2^40+1))`,
  bit32: `
    local b = require "bit32"
    print(b.bnot(0), b.band(), b.band(0xff0f, 0x0ff0), b.bor(1,2,4), b.bxor(-1,3), b.btest(1,3), b.btest(1,2))
    print(b.lshift(1,31), b.lshift(1,32), b.rshift(-1,28), b.rshift(1,-4), b.arshift(-256,4), b.arshift(0x7fffffff,40), b.arshift(-1,40))
    print(b.lrotate(0x12345678,12), b.rrotate(0x12345678,12), b.extract(0xabcd,4,8), b.replace(0,0xff,8,4), b.extract(-1,0,32))
    print(pcall(b.extract, 1, 30, 4))`,
  'openssl digests': `
    local d, h = require "openssl.digest", require "openssl.hmac"
    local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end
    for _, name in ipairs { "md5", "sha1", "sha256", "SHA384", "sha512" } do print(name, hex(d.new(name):final("abc"))) end
    print(hex(d.new():final("abc")), hex(d.new("sha256"):update("a", "b"):update("c"):final()))
    print(hex(h.new("key", "sha256"):final("message")), hex(h.new("key", "sha256"):update("mess"):final("age")))
    print(pcall(function() return (select(2, pcall(d.new, "nope"))):match("nope: invalid digest type") end))`,
  'openssl ciphers': `
    local c = require "openssl.cipher"
    local function hex(s) return (s:gsub(".", function(x) return string.format("%02x", x:byte()) end)) end
    local key, iv = ("k"):rep(16), ("i"):rep(16)
    local x = c.new("aes-128-cbc"):encrypt(key, iv):final("hello")
    print(hex(x), c.new("aes-128-cbc"):decrypt(key, iv):final(x))
    local g = c.new("aes-128-gcm"):encrypt(key, ("n"):rep(12)) local y = g:final("hello") local tag = g:getTag(16)
    print(hex(y), hex(tag))
    print((c.new("aes-128-cbc"):decrypt(key, iv):final("xx")))
    print(pcall(function() return (select(2, pcall(c.new, "nope"))):match("nope: invalid cipher type") end))
    print((select(2, pcall(function() c.new("aes-128-cbc"):encrypt("k") end))):match("1: invalid key length %(should be 16%)"))`,
  'openssl keys': `
    local pkey, digest, x509 = require "openssl.pkey", require "openssl.digest", require "openssl.x509"
    local k = pkey.new(KEY)
    print(k:type(), k:toPEM("public"))
    local s = k:sign(digest.new("sha256"):update("hello"))
    print(#s, k:verify(s, digest.new("sha256"):update("hello")), k:verify(s, digest.new("sha256"):update("other")), k:verify("x", digest.new("sha256"):update("hello")))
    local public = pkey.new(k:toPEM("public"))
    print(public:verify(s, digest.new("sha256"):update("hello")), tostring(public) == k:toPEM("public"))
    local p = k:getParameters() print(tostring(p.e), #tostring(p.n) > 100)
    local e = pkey.new { type = "EC", curve = "prime256v1" } print(e:type())
    local se = e:sign(digest.new("sha256"):update("x")) print(e:verify(se, digest.new("sha256"):update("x")))
    print((pcall(pkey.new, "nope")))`,
  'openssl certificates': `
    local x509 = require "openssl.x509"
    local c = x509.new(CERTIFICATE)
    print(tostring(c:getSubject()), tostring(c:getIssuer()), c:getPublicKey():type(), c:digest("sha256", "x"))
    print(c:getLifetime()) print(tostring(c:getSerial()))
    for name, value in pairs(c:getSubject()) do print(name, value) end
    for name, value in pairs(c:getSubjectAlt()) do print(name, value) end
    print(c:getBasicConstraints().CA, c:isIssuedBy(c), #c:tostring("PEM"), (pcall(x509.new, "nope")))`,
  'openssl big numbers': `
    local b = require "openssl.bignum"
    print(b.new(255), b.new("123456789012345678901234567890"), b.new(255) * 2, b.new(7) / 2, b.new(7) % 4, -b.new(3), b.new(2) - 5)
    print(b.fromBinary("\\1\\0"), b.new(258):toBinary():byte(1, -1)) print(b.new(2) == b.new(2), b.new(1) < b.new(2), b.new(3) <= b.new(2))
    print(b.new(97):isPrime(), b.new(91):isPrime(), b.new(10):toHex(), b.new(48):gcd(b.new(18)), b.new(5):exp(3))`,
  'openssl random and kdf': `
    local r, k = require "openssl.rand", require "openssl.kdf"
    print(r.ready(), #r.bytes(5), r.uniform(10) < 10, r.bytes(8) ~= r.bytes(8))
    print(k.derive { type = "PBKDF2", md = "sha256", salt = "s", iter = 1, pass = "p", outlen = 4 }:byte(1, -1))`,
  ltn12: `
    local l = require "ltn12"
    local out = {}
    print(l.pump.all(l.source.string("hello"), (l.sink.table(out)))) print(table.concat(out))
    local all = {} l.pump.all(l.source.cat(l.source.string("a"), l.source.empty(), l.source.string("b")), (l.sink.table(all))) print(table.concat(all))
    print(l.pump.all(l.source.error("no"), (l.sink.null()))) print(l.sink.error("bad")("x"))
    local up = {} l.pump.all(l.source.chain(l.source.string("abc"), function(c) return c and c:upper() end), (l.sink.table(up))) print(table.concat(up))
    local r = l.source.rewind(l.source.string("x")) r("back") print(r(), r(), r())
    print(l.BLOCKSIZE, l.source.table({"p","q"})())`,
  mime: `
    local m, l = require "mime", require "ltn12"
    print(m.b64("ab", "c")) print(m.b64("abcd")) print(m.b64("a", nil)) print(m.unb64("YQ==")) print(m.unb64("YW Jj\\r\\n", "")) print(m.b64(nil))
    print(m.unqp("a=3D=C3=A9")) print(m.qp("a=\\xc3\\xa9"))
    local t = {} l.pump.all(l.source.chain(l.source.string("hello world, this is me"), l.filter.chain(m.encode("base64"), m.wrap("base64", 10))), (l.sink.table(t))) print(table.concat(t))
    local f = m.encode("base64") print(f("ab"), f("c"), f("d"), f(nil))
    local n = m.normalize() print((n("a\\nb\\r"))) local s = m.stuff() print((s("\\r\\n.a")))`,
  'socket.url': `
    local u = require "socket.url"
    local p = u.parse("http://user:pa%20ss@host.example:8080/a/b;c=1?d=e#f")
    for _, k in ipairs { "scheme", "authority", "userinfo", "user", "password", "host", "port", "path", "params", "query", "fragment" } do print(k, p[k]) end
    print(u.parse("http://[::1]:80/x").host, u.parse("/x").path, u.parse(""), u.parse("//h").host, u.parse("mailto:a@b").path)
    print(u.build(p), u.escape("a b/\\xe9-_."), u.unescape("%41%2f+"))
    for _, r in ipairs { "/a/b/../c", "/a/./b/..", "..", "a/../../b", "/a/b/.", "b/..", "/..", "?x=1", "#f", "//o/p", "http://z", "x;y" } do print(r, u.absolute("http://h/x/y/z?q", r)) end
    local s = u.parse_path("/a/b%20c/d/") print(s[1], s[2], s[3], s.is_absolute, s.is_directory, u.build_path(s))`,
  'socket without sockets': `
    local s = require "socket"
    print(type(s.gettime()), s.gettime() > 1e9, s.skip(2, "a", "b", "c"))
    local f = s.protect(function(x) s.try(nil, x) end) print(f("why"))
    local g = s.protect(function() return 1, 2 end) print(g())
    print(pcall(s.protect(function() error("fault", 0) end)))`,
};

/** What no package of Debian's has: told here. */
export const OWN: Readonly<Record<string, readonly [code: string, output: string]>> = {
  'json as json.lua has it': [
    `local j = require "json"
     print(j.encode({}), j.encode({1,"a",true}), j.encode({a={b=1}}), j.encode("x/y"), j.encode(1.5), j.encode(10))
     print(j.decode('{"a":[1,null,3]}').a[3], j.decode("[1,2]")[2], j.decode("null"), j.decode('"x"'))
     print(pcall(j.encode, {1,nil,3,x=1})) print(pcall(j.encode, {[1]=1,[5]=2}))`,
    `[]\t[1,"a",true]\t{"a":{"b":1}}\t"x/y"\t1.5\t10\n3\t2\tnil\tx\nfalse\tinvalid table: mixed or invalid key types\nfalse\tinvalid table: sparse array\n`,
  ],
  'json keeps integers of 64 bits': [
    `local j = require "json" print(j.decode("[9007199254740993,9223372036854775807,9223372036854775808,1.0]")[1], j.encode(9007199254740993), math.type(j.decode("3")), math.type(j.decode("3.0")))`,
    '9007199254740993\t9007199254740993\tinteger\tfloat\n',
  ],
  dkjson: [
    `local d = require "dkjson" print(d.decode('[1] x', 1, nil)[1], select(2, d.decode('[1] x'))) print(d.decode("{")) print(d.encode({a=1}), d.decode("[null]", 1, "N")[1])`,
    '1\t4\nnil\t2\tExpected object key string but found T_END at line 1 col 2\n{"a":1}\tN\n',
  ],
  base64: [
    `local b = require "base64" print(b.encode("a\\0b\\xff"), b.decode("YQBi/w==") == "a\\0b\\xff", b.decode("YQ"), b.encode(""))`,
    'YQBi/w==\ttrue\ta\t\n',
  ],
  'sha1, sha2, md5': [
    `local s, t, m = require "sha1", require "sha2", require "md5"
     print(s("abc"), s.sha1("abc") == s("abc"), #s.binary("abc"), s.hmac("key", "message"))
     print(t.sha256("abc"), t.sha256()("a")("bc")() == t.sha256("abc"), t.hmac(t.sha256, "key", "message"), t.sha3_256("") ~= nil, t.bin_to_base64("a"))
     print(m.sumhexa("abc"), #m.sum("abc"))`,
    'a9993e364706816aba3e25717850c26c9cd0d89d\ttrue\t20\t2088df74d5f2146b48146caf4965377e9d0be3a4\n' +
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\ttrue\t6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a\ttrue\tYQ==\n' +
      '900150983cd24fb0d6963f7d28e17f72\t16\n',
  ],
  argon2: [
    // The reference implementation's own vector of `argon2 somesalt -t 2 -m 16 -p 1` with `password`, in less memory.
    `local a = require "argon2"
     local h = a.hash_encoded("password", "somesalt", { t_cost = 2, m_cost = 256, parallelism = 1, hash_len = 32, variant = a.variants.argon2_id })
     print(h) print(a.verify(h, "password"), a.verify(h, "passwort")) print(a.verify("x", "y")) print(a.hash_encoded("p", "short"))`,
    '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4\ntrue\tfalse\nnil\tDecoding failed\nnil\tSalt is too short\n',
  ],
  'socket.dns': [
    `local d = require "socket".dns print((d.toip("127.0.0.1"))) print(d.toip("no name")) print(type(d.gethostname()))`,
    '127.0.0.1\nnil\thost or service not provided, or not known\nstring\n',
  ],
  randbytes: [`local r = require "randbytes" print(#r(16), #r:bytes(8), r(8) ~= r(8))`, '16\t8\ttrue\n'],
  'what cannot be there says so': [
    `print((select(2, pcall(require "socket".udp))):match("socket.udp is not available")) print((select(2, pcall(require "openssl.x509".new))):match("certificates can be read here, not made"))`,
    'socket.udp is not available\tcertificates can be read here, not made\n'.replace('\t', '\n'),
  ],
};
