/** The HAProxy version whose configuration language and behaviour this program follows. */
export const VERSION = '3.5-dev5';
export const BRANCH = '3.5';

/** What HAProxy 3.5 can be built with; `feature(X)` is asked about these. */
const KNOWN =
  '51DEGREES ACCEPT4 ACME BACKTRACE CLOSEFROM CPU_AFFINITY CRYPT_H DEVICEATLAS DL ECH ENGINE EPOLL EVPORTS GETADDRINFO ' +
  'KQUEUE KTLS LIBATOMIC LIBCRYPT LINUX_CAP LINUX_SPLICE LINUX_TPROXY LUA MATH MEMORY_PROFILING NETFILTER NS ' +
  'OBSOLETE_LINKER OPENSSL OPENSSL_AWSLC OPENSSL_WOLFSSL OT OTEL PCRE PCRE2 PCRE2_JIT PCRE_JIT POLL PRCTL PROCCTL PROMEX ' +
  'PTHREAD_EMULATION QUIC QUIC_OPENSSL_COMPAT RT SHM_OPEN SLZ SPOE SSL STATIC_PCRE STATIC_PCRE2 TFO THREAD THREAD_DUMP ' +
  'TPROXY TRACE WURFL ZLIB';

/** What this program has built. A word goes in here together with what it names, not before. */
const BUILT: ReadonlySet<string> = new Set(['ACCEPT4', 'DL', 'GETADDRINFO', 'LUA', 'SPOE']);

/** Event loops come with Node: libuv uses the platform's. */
const LOOPS: Readonly<Record<string, readonly string[]>> = {
  EPOLL: ['linux', 'android'],
  KQUEUE: ['darwin', 'freebsd', 'openbsd', 'netbsd'],
  EVPORTS: ['sunos'],
};

/** Whether `-vv` lists the feature behind a `+`. */
export function hasFeature(name: string): boolean {
  return BUILT.has(name) || (LOOPS[name]?.includes(process.platform) ?? false);
}

/** The line of `-vv`: every known feature with `+` or `-`. */
export function featureList(): string {
  return KNOWN.split(' ')
    .map((name) => `${hasFeature(name) ? '+' : '-'}${name}`)
    .join(' ');
}

/** `enabled(X)`: the run-time options that may be asked about, configuration.txt 2.4. */
export function optionEnabled(name: string): boolean | undefined {
  switch (name) {
    case 'EPOLL':
    case 'KQUEUE':
    case 'EVPORTS':
      return hasFeature(name);
    case 'GETADDRINFO':
      return true;
    case 'POLL':
    case 'SPLICE':
    case 'REUSEPORT':
    case 'FAST-FORWARD':
    case 'SERVER-SSL-VERIFY-NONE':
      return false;
    default:
      return undefined;
  }
}
