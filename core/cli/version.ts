import { readFileSync } from 'node:fs';
import { arch, platform, release } from 'node:os';
import { featureList, VERSION } from '../config/index.ts';
import type { Keywords } from '../plugin/registry.ts';

/** The date of that version, as the version line prints it. */
const HAPROXY_DATE = '2026/08/21';

/** This package's own version. */
export function ownVersion(): string {
  // The same number of steps up from the sources and from dist/, where package.json is one further.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (found.name === 'sluice') return found.version;
    } catch {
      // Not this one: the other layout.
    }
  }
  return '0.0.0';
}

/** The third word of `-v`, which scripts cut out. */
export const COMPATIBLE_VERSION: string = `${VERSION}-sluice`;

/** `-v`. The first line is for scripts that parse HAProxy's and look no further. */
export function versionText(): string {
  return (
    `HAProxy version ${COMPATIBLE_VERSION} ${HAPROXY_DATE} - https://www.haproxy.org/\n` +
    `Sluice version ${ownVersion()}, which reads the configuration of that HAProxy and is another program.\n` +
    `Running on: Node.js ${process.version}, ${platform()} ${release()} ${arch()}\n`
  );
}

const list = (words: Iterable<string>): string => [...words].toSorted().join(' ') || 'none';

/** What `-vv` adds: what is built in, by its words. */
export function buildText(keywords: Keywords, plugins: readonly string[]): string {
  const { v8, uv, openssl } = process.versions;
  return (
    `Running on V8 ${v8}, libuv ${uv}, OpenSSL ${openssl ?? 'none'}.\n\n` +
    `Feature list : ${featureList()}\n\n` +
    `Default settings :\n  bufsize = 16384, maxrewrite = 1024\n\n` +
    `One thread per process.\n\n` +
    `Stock plugins : ${list(plugins)}\n` +
    `Available balance algorithms : ${list(keywords.balance.keys())}\n` +
    `Available services : ${list(keywords.services.keys())}\n` +
    `Available filters : ${list(keywords.filters.keys())}\n` +
    `Directives : ${keywords.directives.size}, actions : ${keywords.actions.size}, ` +
    `sample fetches : ${keywords.fetches.size}, converters : ${keywords.converters.size}\n`
  );
}
