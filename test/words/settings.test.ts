import { describe, expect, it } from 'vitest';
import type { LoadedConfig } from '../../core/config/index.ts';
import { load } from './load.ts';

async function valid(...lines: string[]): Promise<LoadedConfig> {
  const config = await load(...lines);
  expect(config.diagnostics.filter(({ severity }) => severity === 'alert')).toEqual([]);
  return config;
}

describe('settings that the words leave', () => {
  it('of the global section', async () => {
    const { global } = await valid(
      'global',
      ' maxconn 100',
      ' ulimit-n 500',
      ' daemon',
      ' master-worker',
      ' pidfile /run/x.pid',
      ' uid 5',
      ' group root',
      ' nbthread 4',
      ' hard-stop-after 10s',
      ' grace 1s',
      ' close-spread-time infinite',
      ' node a.b-c_1',
      ' description some text',
      ' quiet',
      ' zero-warning',
      ' no strict-limits',
      ' localpeer me',
      ' tune.bufsize 30000',
      ' tune.maxrewrite 2k',
      ' tune.http.maxhdr 200',
      ' tune.maxaccept -1',
      ' tune.rcvbuf.client 4k',
      ' tune.sndbuf.server 8k',
      ' h1-case-adjust x-foo X-Foo',
      ' unix-bind prefix /tmp/ mode 660 user root gid 7',
      ' spread-checks 5',
    );
    expect(global.settings).toMatchObject({
      maxconn: 100,
      ulimitN: 500,
      daemon: true,
      masterWorker: true,
      pidfile: '/run/x.pid',
      uid: 5,
      group: 'root',
      gid: 0,
      threads: 4,
      hardStopAfter: 10_000,
      grace: 1000,
      closeSpreadTime: Infinity,
      node: 'a.b-c_1',
      description: 'some text',
      quiet: true,
      zeroWarning: true,
      strictLimits: false,
      localPeer: 'me',
      // Rounded up to a multiple of 16.
      bufsize: 30_000,
      maxrewrite: 2048,
      maxHeaders: 200,
      maxAccept: -1,
      spreadChecks: 5,
      unixBind: { prefix: '/tmp/', mode: 0o660, uid: 0, gid: 7 },
      socketBuffers: { clientReceive: 4096, clientSend: 0, serverReceive: 0, serverSend: 8192 },
    });
    expect([...global.settings.caseAdjust]).toEqual([['x-foo', 'X-Foo']]);
  });

  it('of proxies, passed on from their defaults', async () => {
    const { proxies } = await valid(
      'defaults',
      ' mode http',
      ' timeout client 1s',
      ' timeout server 2s',
      ' timeout connect 3s',
      ' timeout http-request 4s',
      ' option http-server-close',
      ' option redispatch',
      ' option abortonclose',
      ' option tcpka',
      ' clitcpka-idle 7s',
      ' retries 5',
      ' retry-on all-retryable-errors',
      ' http-reuse always',
      ' fullconn 50',
      'frontend f',
      ' bind :8001',
      ' maxconn 10',
      ' backlog 11',
      ' rate-limit sessions 12',
      ' timeout client 1m',
      ' use_backend b if { path /x }',
      ' use_backend %[path]',
      ' default_backend b',
      ' id 77',
      'backend b',
      ' no option redispatch',
      ' no option abortonclose',
      ' no option tcpka',
      ' option httpclose',
      ' description what it is',
      ' source 127.0.0.2:99',
      ' option http-restrict-req-hdr-names delete',
      ' http-send-name-header X-Server',
    );
    const [f, b] = proxies;
    expect(f!.id).toBe(77);
    expect(f!.settings).toMatchObject({
      mode: 'http',
      connectionMode: 'server-close',
      redispatch: -1,
      maxconn: 10,
      backlog: 11,
      rateLimitSessions: 12,
      defaultBackend: 'b',
      clientKeepAlive: { count: undefined, idle: 7, interval: undefined },
    });
    expect(f!.settings.timeouts).toEqual({ client: 60_000, server: 2000, connect: 3000, 'http-request': 4000 });
    expect(f!.settings.useBackend.map(({ name }) => name.constant)).toEqual(['b', undefined]);
    expect(f!.settings.options.get('abortonclose')).toBe(true);
    expect(b!.settings).toMatchObject({
      connectionMode: 'close',
      redispatch: undefined,
      retries: 5,
      reuse: 'always',
      fullconn: 50,
      serverKeepAlive: undefined,
      description: 'what it is',
      source: { address: '127.0.0.2', family: 4, ports: [99, 99], interface: undefined },
      headerNames: 'delete',
      sendNameHeader: 'x-server',
    });
    expect(b!.settings.options.get('abortonclose')).toBe(false);
    expect([...b!.settings.retryOn]).toContain('junk-response');
  });

  it('of redispatch intervals', async () => {
    const { proxies } = await valid('backend a', ' option redispatch 3', 'backend b', ' option redispatch 0');
    expect(proxies.map(({ settings }) => settings.redispatch)).toEqual([3, undefined]);
  });

  it('of bind lines', async () => {
    const { proxies } = await valid(
      'frontend f',
      ' bind :8001-8003,[::1]:8004 accept-proxy backlog 5 maxconn 6 name n transparent defer-accept tfo',
      ' bind /tmp/sock mode 640 uid 1 gid 2 id 9 tcp-ut 3s mss 1400 interface lo accept-netscaler-cip 7',
      ' bind :::8005 v4v6',
    );
    const [first, second, third] = proxies[0]!.binds;
    expect(first).toMatchObject({
      addresses: [':8001-8003', '[::1]:8004'],
      acceptProxy: true,
      backlog: 5,
      maxconn: 6,
      name: 'n',
      transparent: true,
      deferAccept: true,
      fastOpen: true,
      v6only: undefined,
    });
    expect(second).toMatchObject({
      mode: 0o640,
      uid: 1,
      gid: 2,
      id: 9,
      tcpUserTimeout: 3000,
      maxSegment: 1400,
      interface: 'lo',
      acceptNetscalerCip: 7,
    });
    expect(third!.v6only).toBe(false);
  });

  it('of servers, default-server and templates', async () => {
    const { proxies } = await valid(
      'backend b',
      ' default-server weight 5 maxconn 10 backup',
      ' server a 127.0.0.1:80 no-backup send-proxy-v2-ssl id 4',
      ' default-server weight 7',
      ' server c [::1]:81 disabled redir http://x source 127.0.0.9:10-20 pool-purge-delay 2s max-reuse 3 tfo',
      ' server-template t 2-3 127.0.0.1:90 minconn 2 maxqueue 8',
      ' server d 127.0.0.1:91 send-proxy-v2 set-proxy-v2-tlv-fmt(0x20) %[src]',
    );
    expect(proxies[0]!.servers.map(({ name, weight }) => [name, weight])).toEqual([
      ['a', 5],
      ['c', 7],
      ['t2', 7],
      ['t3', 7],
      ['d', 7],
    ]);
    const [a, c, t2, t3, d] = proxies[0]!.servers;
    expect(a).toMatchObject({ backup: false, maxconn: 10, sendProxy: 2, id: 4 });
    expect([...a!.proxyV2Options]).toEqual(['ssl']);
    expect(c).toMatchObject({
      backup: true,
      disabled: true,
      redirectPrefix: 'http://x',
      poolPurgeDelay: 2000,
      maxReuse: 3,
      fastOpen: true,
      source: { address: '127.0.0.9', ports: [10, 20] },
    });
    expect(t2).toMatchObject({ address: '127.0.0.1:90', minconn: 2, maxqueue: 8 });
    expect(t3).toMatchObject({ address: '127.0.0.1:90', minconn: 2 });
    expect(d!.proxyV2Tlvs).toEqual([{ id: 0x20, format: expect.objectContaining({ text: '%[src]' }) as unknown }]);
    expect(c!.proxyV2Tlvs).toEqual([]);
  });

  it('of error replies, in the order of their lines, sections included that come later', async () => {
    const { proxies } = await valid(
      'defaults',
      ' mode http',
      ' errorloc 500 http://d/',
      ' errorfiles some 403',
      'frontend f',
      ' bind :8001',
      ' errorfile 403 /dev/null',
      'frontend g',
      ' bind :8002',
      ' errorfile 503 /dev/null',
      ' errorfiles some',
      ' http-error status 500 default-errorfiles',
      'http-errors some',
      ` errorfile 403 ${import.meta.dirname}/e503.http`,
      ` errorfile 503 ${import.meta.dirname}/e503.http`,
    );
    const kinds = proxies.map(({ settings }) =>
      Object.fromEntries([...settings.errorReplies].map(([status, { kind }]) => [status, kind])),
    );
    expect(kinds).toEqual([
      { 500: 'raw', 403: 'silent' },
      { 403: 'raw', 503: 'raw' },
    ]);
  });

  it('of capture slots, which no other proxy inherits', async () => {
    const { proxies } = await valid(
      'frontend f',
      ' bind :8001',
      ' capture request header Host len 10',
      ' declare capture request len 5',
      ' tcp-request content capture src len 7',
      ' capture response header Server len 3',
      'frontend g',
      ' bind :8002',
    );
    expect(proxies[0]!.settings.requestCaptures).toEqual([
      { header: 'host', length: 10 },
      { header: undefined, length: 5 },
      { header: undefined, length: 7 },
    ]);
    expect(proxies[0]!.settings.responseCaptures).toEqual([{ header: 'server', length: 3 }]);
    expect(proxies[1]!.settings.requestCaptures).toEqual([]);
  });
});
