import { describe, expect, it } from 'vitest';
import { load, said } from './load.ts';

/** A section that is well but for the lines put into it. */
const SECTIONS: Readonly<Record<string, (lines: string) => string[]>> = {
  global: (lines) => ['global', lines, 'defaults', ' timeout client 1s', 'frontend f', ' bind 127.0.0.1:8'],
  frontend: (lines) => ['frontend f', ' mode http', ' timeout client 1s', ' bind 127.0.0.1:8', lines],
  backend: (lines) => ['backend b', ' mode http', ' timeout server 1s', ' timeout connect 1s', lines],
  listen: (lines) => listen('http', lines),
  tcp: (lines) => listen('tcp', lines),
};

function listen(mode: string, lines: string): string[] {
  const timeouts = [' timeout server 1s', ' timeout connect 1s', ' timeout client 1s'];
  return ['listen l', ` mode ${mode}`, ...timeouts, ' bind 127.0.0.1:8', lines];
}

async function diagnostics(section: string, line: string): Promise<string[]> {
  const config = await load(...SECTIONS[section]!(` ${line.replaceAll('\n', '\n ')}`));
  return said(config).filter((message) => !message.startsWith('notice'));
}

/** [section, lines, what the first alert says]. HAProxy refuses all of these too, unless it is said. */
const REFUSED: readonly [string, string, RegExp][] = [
  ['global', 'set-var proc.x src', /extracts information from 'client address'/],
  ['global', 'set-var txn.x int(1)', /only scope 'proc' is permitted in the global section/],
  ['global', 'set-var proc.x', /missing fetch method/],
  ['frontend', 'mode foo', /unknown proxy mode 'foo'/],
  ['frontend', 'mode', /'mode' expects/],
  ['frontend', 'mode http x', /cannot handle unexpected argument 'x'/],
  ['frontend', 'mode health', /http-request return status 200/],
  ['frontend', 'mode log', /not built yet/],
  ['frontend', 'maxconn', /'maxconn' expects/],
  ['frontend', 'maxconn 10 20', /unexpected argument '20'/],
  ['frontend', 'timeout client', /'timeout client' expects/],
  ['frontend', 'timeout client 10x', /unexpected character 'x'/],
  ['frontend', 'timeout client 30d', /timer overflow/],
  ['frontend', 'default_backend nope', /unable to find required default_backend: 'nope'/],
  ['frontend', 'use_backend nope if TRUE', /unable to find required use_backend: 'nope'/],
  ['frontend', 'use_backend nope foo', /unexpected keyword 'foo'/],
  ['frontend', 'default_backend b\nbackend b\nmode tcp', /http frontend 'f' .* incompatible tcp backend 'b'/],
  ['frontend', 'id 0', /'id' value must be between 1/],
  ['frontend', 'description', /'description' expects/],
  ['frontend', 'clitimeout 10', /Use 'timeout client'/],
  ['frontend', 'server a 127.0.0.1:1', /frontend 'f' has no backend capability/],
  ['frontend', 'default-server weight 1', /frontend 'f' has no backend capability/],
  ['frontend', 'retry-on 404', /frontend 'f' has no backend capability/],
  ['listen', 'no option forwardfor', /negation\/default is not supported for option 'forwardfor'/],
  ['listen', 'option forwardfor foo', /except/],
  ['listen', 'option forwardfor except', /'option forwardfor' expects/],
  ['listen', 'option forwardfor except 1.2.3.4/99', /expects <address>\[\/mask\]/],
  ['listen', 'option http-no-delay x', /unexpected argument 'x'/],
  ['listen', 'option http-restrict-req-hdr-names foo', /preserve, delete or reject/],
  ['listen', 'cookie', /'cookie' expects a cookie name/],
  ['listen', 'cookie S inserted', /did you mean 'insert'/],
  ['listen', 'cookie S insert rewrite', /'rewrite', 'insert' and 'prefix' modes are incompatible/],
  ['listen', 'cookie S rewrite indirect', /'rewrite' and 'indirect' modes are incompatible/],
  ['listen', 'cookie S prefix preserve', /'preserve' requires at least 'insert' or 'indirect'/],
  ['listen', 'cookie S insert maxidle 5x', /unexpected character 'x'/],
  ['listen', 'cookie S insert domain "a;b.c"', /character ';' is not permitted in domain name 'a;b.c'/],
  ['listen', 'cookie S insert attr "a;b"', /character '%x3B' is not permitted in attribute value/],
  ['listen', 'dynamic-cookie-key', /'dynamic-cookie-key' expects/],
  ['listen', 'force-persist', /'force-persist' requires either 'if' or 'unless'/],
  ['listen', 'ignore-persist perhaps', /'ignore-persist' requires either 'if' or 'unless'/],
  ['listen', 'persist', /missing persist method/],
  ['listen', 'persist for-ever', /unknown persist method/],
  ['listen', 'persist rdp-cookie()', /requires an rdp cookie name/],
  ['listen', 'appsession J len 0 timeout 1s', /'appsession'/],
  ['listen', 'appsession J len 5 timeout 1s mode path', /did you mean 'path-parameters'|path-parameters/],
  ['listen', 'server s 127.0.0.1:1 cookie', /'cookie' expects a value/],
  ['listen', 'retry-on', /'retry-on' expects at least one keyword/],
  ['listen', 'retry-on foo', /unknown keyword 'foo'/],
  ['listen', 'retry-on 404 none', /'none' only alone/],
  ['listen', 'http-reuse foo', /never, safe, aggressive or always/],
  ['listen', 'rate-limit sessions x', /expects a number/],
  ['listen', 'monitor fail', /requires either 'if' or 'unless'/],
  ['listen', 'monitor-uri /a /b', /unexpected argument '\/b'/],
  ['listen', 'http-send-name-header', /expects a header name/],
  ['listen', 'unique-id-format %[foo]', /foo/],
  ['listen', 'source foo', /invalid address 'foo'/],
  ['listen', 'source 1.2.3.4:80-90', /port range not permitted/],
  ['listen', 'source 1.2.3.4 foo', /unexpected argument 'foo'/],
  ['listen', 'tcp-request inspect-delay x', /unexpected character 'x'/],
  ['frontend', 'tcp-response inspect-delay 1s', /no backend capability/],
  ['frontend', 'bind', /'bind' expects/],
  ['frontend', 'bind 127.0.0.1', /missing port specification in '127.0.0.1'/],
  ['frontend', 'bind 127.0.0.1:99999', /invalid port '99999'/],
  ['frontend', 'bind 127.0.0.1:8003-8001', /invalid port range '8003-8001'/],
  ['frontend', 'bind 127.0.0.1:8001,8002', /missing port specification in '8002'/],
  ['frontend', 'bind ipv4@::1:8001', /invalid address: '::1'/],
  ['frontend', 'bind fd@x', /'x' is not a valid integer/],
  ['frontend', 'bind udp@:1', /dgram-type/],
  ['frontend', 'bind quic4@:443', /not built yet/],
  ['frontend', 'bind :8001 foo', /'bind :8001' in section 'frontend'.*unknown keyword 'foo'/],
  ['frontend', 'bind :8001 ssl', /'ssl' is not built yet/],
  ['frontend', 'bind :8001 proto h2', /not built yet/],
  ['frontend', 'bind /x mode 999', /octal integer expected/],
  ['frontend', 'bind /x user no-such-user', /unknown user name 'no-such-user'/],
  ['frontend', 'bind :8001 id 5\nbind :8002 id 5', /custom id 5 already used at test.cfg:5/],
  ['frontend', 'bind :8001 nice 2000', /between -1024 and 1024/],
  ['frontend', 'bind :8001 mss 0', /'mss'/],
  ['frontend', 'bind :8001 thread x', /not a valid number\/range/],
  ['frontend', 'bind :8001 namespace x', /not possible/],
  ['backend', 'server a/b 127.0.0.1:80', /character '\/' is not permitted in server name 'a\/b'/],
  ['backend', 'server a 127.0.0.1:80-90', /port range not permitted/],
  ['backend', 'server a fd@3', /file descriptor is not acceptable/],
  ['backend', 'server a :1\nserver a :2', /another server named 'a' was already defined at line 5/],
  ['backend', 'server a :1 weight 257', /between 0 and 256/],
  ['backend', 'server a :1 id 1\nserver b :1 id 1', /custom id 1 already used/],
  ['backend', 'server a :1 proxy-v2-options foo', /'foo' : proxy v2 option not implemented/],
  ['backend', 'server a :1 ssl', /'ssl' is not built yet/],
  ['backend', 'server a :1 check check-ssl', /'check-ssl' is not built yet/],
  ['backend', 'server a :1 check rise 0', /'rise' value must be between 1/],
  ['backend', 'server a 127.0.0.1 check', /neither service port nor check port/],
  ['backend', 'server a :1 check track b', /checks and tracking at the same time/],
  ['backend', 'server a :1 track b', /unable to find required server 'b' for tracking/],
  ['backend', 'server a :1 track a', /a tracking chain looping back to/],
  ['backend', 'server a :1 agent-check', /does not have agent port/],
  ['backend', 'server a :1 check check-proto h1', /incompatible MUX protocol/],
  ['backend', 'server a :1 usesrc x', /not possible/],
  ['backend', 'server a :1 pool-max-conn -2', /between -1/],
  ['backend', 'server a :1 set-proxy-v2-tlv-fmt(300) x', /TLV type/],
  ['backend', 'default-server 127.0.0.1:80', /unknown keyword '127.0.0.1:80'/],
  ['backend', 'server-template s 3-1 :1', /Wrong server-template number or range arg '3-1'/],
  ['backend', 'server-template s 0 :1', /Wrong server-template number or range arg '0'/],
  ['listen', 'http-request deny status 199', /Unexpected status code '199'/],
  ['listen', 'http-request deny deny_status 418', /'418' not handled by default/],
  ['listen', 'http-request deny string x', /a content type must be defined/],
  ['listen', 'http-request deny content-type a/b string x string y', /'string' already defined/],
  ['listen', 'http-request deny errorfile /nope', /error opening file '\/nope'/],
  ['listen', 'http-request deny errorfiles nope', /unknown http-errors section 'nope'/],
  ['listen', 'http-request return status 204 content-type a/b string x', /No body expected for 204/],
  ['listen', 'http-request return hdr a', /expects/],
  ['listen', 'http-request redirect', /redirection type expected/],
  ['listen', 'http-request redirect location /x code 200', /unsupported HTTP code '200'/],
  ['listen', 'http-response redirect prefix /x', /only supports redirect type 'location'/],
  ['listen', 'redirect location /x foo', /'foo'/],
  ['listen', 'http-request add-header a', /expects/],
  ['listen', 'http-request add-header a b c', /'c'/],
  ['listen', 'http-request del-header a -m foo', /str, beg, end, sub or reg/],
  ['listen', 'http-request replace-header a ( b', /regex '\(' is invalid/],
  ['listen', 'http-response set-status 99', /between 100 and 999/],
  ['listen', 'http-request set-var(x) int(1)', /invalid variable name 'x'/],
  ['listen', 'http-request set-var() int(1)', /Empty variable name/],
  ['listen', 'http-request set-var(txn.x,foo) int(1)', /unknown condition "foo"/],
  ['listen', 'http-request set-var(txn.x)', /missing fetch method/],
  ['listen', 'http-request set-log-level foo', /foo/],
  ['listen', 'http-request set-timeout server 0', /null value is not valid/],
  ['frontend', 'http-request set-timeout server 1s', /has no backend capability/],
  ['listen', 'http-request wait-for-body', /'time'/],
  ['listen', 'http-request capture src len 0', /between 1/],
  ['listen', 'http-request capture src id 0', /unable to find capture id '0'/],
  ['backend', 'http-request capture src len 10', /has no frontend capability/],
  ['listen', 'http-response capture src len 10', /expects 'id', found 'len'/],
  ['listen', 'http-request strict-mode foo', /'on' or 'off'/],
  ['listen', 'tcp-request connection expect-proxy', /'layer4'|layer4/],
  ['listen', 'errorfile 599 /dev/null', /status code '599' not handled/],
  ['listen', 'errorfile 503 /nope', /error opening file '\/nope'/],
  ['listen', 'errorfiles nope', /unknown http-errors section 'nope'/],
  ['listen', 'http-error content-type a/b string x', /expects at least a <status>/],
  ['listen', 'http-error status 418 content-type a/b string x', /'418' not handled/],
  ['global', 'nbproc 2', /nbthread/],
  ['global', 'user no-such-user', /cannot find user id for 'no-such-user'/],
  ['global', 'group no-such-group', /cannot find group id/],
  ['global', 'nbthread 0', /between 1/],
  ['global', 'hard-stop-after x', /unexpected character 'x'/],
  ['global', 'node a/b', /valid node name/],
  ['global', 'tune.http.maxhdr 0', /between 1 and 32767/],
  ['global', 'h1-case-adjust host x', /must not differ except the case/],
  ['global', 'h1-case-adjust host Host\nh1-case-adjust host HOST', /duplicate entry 'host'/],
  ['global', 'h1-case-adjust-file /nope', /failed to open file/],
  ['global', 'unix-bind foo', /foo/],
  ['global', 'spread-checks 60', /between 0 and 50/],
  ['global', 'no maxconn', /negation/],
  ['global', 'ssl-default-bind-ciphers x', /not built yet/],
];

/** What HAProxy warns about too. */
const WARNED: readonly [string, string, RegExp][] = [
  [
    'backend',
    'maxconn 10',
    /'maxconn' ignored because backend 'b' has no frontend capability. Maybe you want 'fullconn'/,
  ],
  ['backend', 'bind :80', /'bind' ignored because backend 'b' has no frontend capability/],
  ['backend', 'option dontlognull', /ignored because backend 'b'/],
  ['backend', 'timeout client 1s', /'timeout client' will be ignored because backend 'b'/],
  ['frontend', 'option redispatch', /ignored because frontend 'f' has no backend capability/],
  ['frontend', 'retries 3', /ignored because frontend 'f'/],
  ['frontend', 'source 1.2.3.4', /ignored because frontend 'f'/],
  ['frontend', 'http-reuse safe', /ignored because frontend 'f'/],
  ['listen', 'timeout client 5s', /overwriting 'timeout client' which was already specified/],
  ['tcp', 'option forwardfor', /'option forwardfor' ignored for proxy 'l' as it requires HTTP mode/],
  ['tcp', 'option http-ignore-probes', /requires HTTP mode/],
  ['tcp', 'monitor-uri /', /requires HTTP mode/],
  ['listen', 'http-request return content-type a/b', /content-type 'a\/b' ignored/],
  ['listen', 'http-request return hdr Content-Length 5', /always ignored/],
  ['listen', 'http-request return content-type a/b file /dev/null', /empty payload/],
  ['listen', 'http-request allow\nhttp-request deny', /final/],
  ['global', 'maxconn 10\nmaxconn 20', /already specified/],
];

/** What says nothing but, at the most, a notice. */
const FINE: readonly [string, string][] = [
  ['listen', 'default option httpclose'],
  ['listen', 'option redispatch 0'],
  ['listen', 'timeout http-request 0'],
  ['listen', 'clitcpka-idle 10s'],
  ['listen', 'source 1.2.3.4 interface lo'],
  ['listen', 'use_backend %[path]'],
  ['listen', 'guid a.b:c-d_e'],
  ['listen', 'errorfile 503 /dev/null'],
  ['listen', 'http-request set-var(res.x) int(1)'],
  ['listen', 'declare capture request len 10\nhttp-request capture src id 0'],
  ['listen', 'option forwarded proto for-expr src by by_port host'],
  ['frontend', 'bind :::8001 v6only'],
  ['frontend', 'bind [::]:8001 v4v6'],
  ['frontend', 'bind 127.0.0.1:8001-8003,127.0.0.1:8009'],
  ['frontend', 'bind :8001 process 1 thread all shards by-thread nice 5 proto h1 severity-output none level user'],
  ['backend', 'server a :1 send-proxy-v2 proxy-v2-options ssl,crc32c,unique-id'],
  ['backend', 'server a /tmp/x backup\nserver b abns@x'],
  ['backend', 'default-server maxconn 10 weight 5'],
  ['global', 'cpu-map 1 0\nnoepoll\ntune.maxpollevents 100\nno busy-polling\nthread-groups 2'],
  ['global', 'close-spread-time infinite'],
];

describe('words of the stock plugins', () => {
  it.each(REFUSED)('%s: refuses %j', async (section, line, expected) => {
    const alerts = (await diagnostics(section, line)).filter((message) => message.startsWith('alert'));
    expect(alerts[0]).toMatch(expected);
  });

  it.each(WARNED)('%s: warns about %j', async (section, line, expected) => {
    const messages = await diagnostics(section, line);
    expect(messages.filter((message) => message.startsWith('alert'))).toEqual([]);
    expect(messages.join('\n')).toMatch(expected);
  });

  it.each(FINE)('%s: takes %j', async (section, line) => {
    expect(await diagnostics(section, line)).toEqual([]);
  });

  it('refuses an errorfile that is no HTTP response', async () => {
    const file = `${import.meta.dirname}/body.txt`;
    expect((await diagnostics('listen', `errorfile 503 ${file}`))[0]).toMatch(/unable to parse headers/);
  });

  it('warns of every proxy in TCP mode that starts from a defaults section with an HTTP option', async () => {
    const config = await load(
      'defaults',
      ' option forwardfor',
      ' timeout client 1s',
      'frontend f',
      ' mode tcp',
      ' bind :8001',
      'frontend g',
      ' mode http',
      ' bind :8002',
    );
    expect(said(config)).toEqual([expect.stringMatching(/^warning: .*proxy 'f' as it requires HTTP mode/)]);
  });
});
