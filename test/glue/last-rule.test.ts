import { describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { startProxy } from '../support/proxy.ts';
import { title } from '../support/which.ts';
import { absent, PROGRAMS } from './lines.ts';

const configuration = (port: number, origin: number): string => `global
  nbthread 1
defaults
  mode http
  option dontlognull
  option http-ignore-probes
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend f
  bind 127.0.0.1:${port}
  log stdout format raw local0
  log-format "%HP first=%[http_first_req] line=%[last_rule_line] %[last_rule_file,regsub(.*/,)]"
  tcp-request content accept if { src 1.2.3.4 }
  http-request set-header x-a b
  http-request allow if { path /allow }
  http-request deny if { path /deny }
  http-request return status 200 if { path /return }
  default_backend b
backend b
  http-response allow if { status 201 }
  server s 127.0.0.1:${origin}
`;

/** Paths in the order asked, and the rule that ended the last rule set that ended early. */
const CASES: readonly (readonly [path: string, rule: string | undefined])[] = [
  ['/none', undefined],
  ['/allow', 'http-request allow'],
  ['/deny', 'http-request deny'],
  ['/return', 'http-request return'],
  ['/201', 'http-response allow'],
];

describe(title('last_rule_line and http_first_req', absent), () => {
  for (const program of PROGRAMS) {
    test(program, async () => {
      const origin = await RawOrigin.start(async (conversation) => {
        for (let asked = 1; ; asked++) {
          const so = (): number => conversation.received.split('\r\n\r\n').length - 1;
          if (!(await conversation.when(() => so() >= asked || conversation.closed !== 'open', 10_000))) return;
          if (so() < asked) return;
          const status =
            conversation.received.lastIndexOf('/201') > conversation.received.lastIndexOf('/none') ? 201 : 200;
          conversation.send(`HTTP/1.1 ${status} OK\r\nContent-Length: 0\r\n\r\n`);
        }
      });
      const proxy = await startProxy(1, ([port]) => configuration(port!, origin.port), program);
      const lines = (): string[] => proxy.process.stdout.split('\n').slice(0, -1);
      const client = await RawClient.connect(proxy.ports[0]!);
      try {
        for (const [index, [path]] of CASES.entries()) {
          client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
          await proxy.process.when(() => lines().length > index);
        }
        const text = proxy.configuration.split('\n');
        expect(lines()).toEqual(
          CASES.map(([path, rule], index) => {
            const line = rule === undefined ? '-' : text.findIndex((one) => one.trim().startsWith(rule)) + 1;
            return `${path} first=${index === 0 ? 1 : 0} line=${line} ${rule === undefined ? '-' : 'proxy.cfg'}`;
          }),
        );
      } finally {
        client.destroy();
        await proxy.stop();
        await origin.stop();
      }
    });
  }
});
