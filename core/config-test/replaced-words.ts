/** What of a configuration has no place in a test, or is replaced there. Numbers are the words that follow and go with it. */

type Table = ReadonlyMap<string, number>;

const table = (words: Readonly<Record<number, string>>): Table =>
  new Map(
    Object.entries(words).flatMap(([count, names]) => names.split(' ').map((name) => [name, Number(count)] as const)),
  );

/** Words of `bind`: the listener is a TCP socket of the loopback interface whose clients say by the PROXY protocol who they are. */
export const BIND_WORDS: Table = table({
  0: 'accept-proxy transparent v4v6 v6only defer-accept tfo',
  1: 'accept-netscaler-cip interface namespace mode user group uid gid mss process thread shards level severity-output expose-fd',
});

/**
 * Words of `server`: the stand-in is reached by plain TCP at an address, its state is what `given` says, and health checks only
 * connect.
 */
export const SERVER_WORDS: Table = table({
  0: 'agent-check check-ssl no-check-ssl check-via-socks4 check-sni-auto ssl no-ssl sni-auto ssl-reuse no-ssl-reuse force-sslv3 no-sslv3 force-tlsv10 no-tlsv10 force-tlsv11 no-tlsv11 force-tlsv12 no-tlsv12 force-tlsv13 no-tlsv13 tls-tickets no-tls-tickets renegotiate no-renegotiate allow-0rtt check-reuse-pool',
  1: 'rise fall inter fastinter downinter port addr agent-addr agent-port agent-inter agent-send verify verifyhost ca-file crl-file crt ciphers ciphersuites curves sigalgs client-sigalgs sni alpn check-alpn npn check-sni check-pool-conn-name ssl-min-ver ssl-max-ver proto check-proto resolvers resolve-opts resolve-prefer resolve-net init-addr socks4 source usesrc interface namespace',
});

/** Lines of `global` that are about the process, TLS or a command socket. */
export const GLOBAL_LINES: ReadonlySet<string> = new Set(
  (
    'stats daemon master-worker user group uid gid chroot pidfile cpu-map nbproc nbthread thread-groups thread-group unix-bind ' +
    'setcap server-state-file server-state-base ca-base crt-base issuers-chain-path ulimit-n fd-hard-limit quiet zero-warning ' +
    'set-dumpable busy-polling mworker-max-reloads numa-cpu-mapping email-alert strict-limits'
  ).split(' '),
);
/** The same by their beginnings. */
export const GLOBAL_PREFIXES: readonly string[] = ['ssl-', 'tune.ssl.', 'tune.quic.', 'acme.'];

/** Lines of proxies. */
export const PROXY_LINES: ReadonlySet<string> = new Set(
  'bind-process load-server-state-from-file email-alert source http-check tcp-check external-check'.split(' '),
);

/** `option NAME`: how servers are checked. */
export const CHECK_OPTIONS: ReadonlySet<string> = new Set(
  'httpchk tcp-check ssl-hello-chk smtpchk mysql-check pgsql-check redis-check ldap-check spop-check external-check log-health-checks'.split(
    ' ',
  ),
);

/** Actions of `tcp-request connection` that `tcp-request session` may not have. */
export const CONNECTION_ACTIONS: ReadonlySet<string> = new Set(['set-mark', 'set-tos', 'set-fc-mark', 'set-fc-tos']);

/** Sections that speak with others, or run them. */
export const SECTIONS: ReadonlySet<string> = new Set(['resolvers', 'peers', 'mailers', 'program', 'traces', 'acme']);
