import { describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { startProxy, type ProxyProgram } from '../support/proxy.ts';
import { title } from '../support/which.ts';
import { absent, PROGRAMS } from './lines.ts';

/** What is asked in frontend `ask`, and the answer while three requests wait in backend `b1` for the one being served. */
const STATE: Readonly<Record<string, string>> = {
  'nbsrv(b1)': '1',
  'nbsrv(b2)': '1',
  'be_conn(b1)': '4',
  'be_conn(b2)': '0',
  'fe_conn(busy)': '4',
  'fe_conn(ask)': '1',
  fe_conn: '1',
  // Of s1 5 places in its queue, of s3 3 connections and 7 places.
  'connslots(b1)': '15',
  'connslots(b2)': '-1',
  'connslots(b3)': '22',
  'queue(b1)': '3',
  'avg_queue(b1)': '3',
  'queue(b2)': '0',
  'srv_conn(b1/s1)': '1',
  'srv_conn(b2/s1)': '0',
  'srv_queue(b1/s1)': '0',
  'srv_is_up(b1/s1)': '1',
  'srv_is_up(b1/s2)': '0',
  'be_conn_free(b1)': '0',
  'be_conn_free(b3)': '9',
  'srv_conn_free(b1/s1)': '0',
  'srv_weight(b1/s1)': '1',
  'str(b1),nbsrv': '1',
  'str(b1/s1),srv_queue': '0',
  dst_conn: '1',
  stopping: '0',
  fc_rcvd_proxy: '0',
};

const configuration = ([busy, other, ask]: readonly number[], origin: number): string => `global
  nbthread 1
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
  option http-ignore-probes
frontend busy
  bind 127.0.0.1:${busy}
  bind 127.0.0.1:${other}
  http-request return status 200 content-type text/plain lf-string "%[dst_conn] of %[fe_conn]" if { path /count }
  default_backend b1
frontend ask
  bind 127.0.0.1:${ask}
  log stdout format raw local0
  log-format "ac=%ac fc=%fc bc=%bc sc=%sc"
  http-request return status 200 content-type text/plain lf-string "${Object.keys(STATE)
    .map((text) => `${text}=%[${text}]`)
    .join('\\n')}"
backend b1
  server s1 127.0.0.1:${origin} maxconn 1 maxqueue 5
  server s2 127.0.0.1:${origin} disabled
  server s3 127.0.0.1:${origin} maxconn 3 maxqueue 7 backup
backend b2
  server s1 127.0.0.1:${origin}
  server s2 127.0.0.1:${origin} backup
backend b3
  server s1 127.0.0.1:${origin} maxconn 4 maxqueue 3
  server s2 127.0.0.1:${origin} maxconn 5 maxqueue 10
`;

const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

describe(title('fetches that name a proxy or a server', absent), () => {
  for (const program of PROGRAMS) {
    test(`look at that one: ${program}`, async () => {
      const origin = await RawOrigin.start(() => undefined);
      const proxy = await startProxy(3, (ports) => configuration(ports, origin.port), program);
      const clients: RawClient[] = [];
      const open = async (index: number, bytes: string): Promise<RawClient> => {
        const client = await RawClient.connect(proxy.ports[index]!);
        clients.push(client);
        client.send(bytes);
        return client;
      };
      try {
        for (const index of [0, 0, 0, 1]) await open(index, REQUEST);
        // All four have come in when the fifth says so; it leaves again.
        const counting = await open(1, '');
        for (let seen = ''; seen !== '2 of 5';) {
          counting.received = '';
          counting.send('GET /count HTTP/1.1\r\nHost: h\r\n\r\n');
          await counting.when(() => /\r\n\r\n./.test(counting.received));
          seen = counting.received.split('\r\n\r\n')[1]!;
        }
        counting.destroy();
        let state = {};
        let asking = await open(2, '');
        // The proxy may notice a moment later that the fifth has left.
        for (let i = 0; i < 20 && !('fe_conn(busy)' in state && state['fe_conn(busy)'] === '4'); i++) {
          asking.destroy();
          asking = await open(2, REQUEST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
          await asking.sawClose();
          const body = asking.received.split('\r\n\r\n')[1]!;
          state = Object.fromEntries(body.split('\n').map((line) => line.split('=')));
        }
        expect(state).toEqual(STATE);
        await proxy.process.when(() => proxy.process.stdout.includes('ac=5'));
        expect(proxy.process.stdout.trimEnd().split('\n').at(-1)).toBe('ac=5 fc=1 bc=0 sc=0');
      } finally {
        for (const client of clients) client.destroy();
        await proxy.stop();
        await origin.stop();
      }
    });
  }
});

describe(title('the PROXY header', absent), () => {
  const ask = async (program: ProxyProgram, bind: string, header: string): Promise<string> => {
    const proxy = await startProxy(
      1,
      ([port]) =>
        `defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 1s\nfrontend f\n  bind 127.0.0.1:${port} ${bind}\n` +
        '  http-request return status 200 content-type text/plain lf-string "%[fc_rcvd_proxy] %[src]"\n',
      program,
    );
    const client = await RawClient.connect(proxy.ports[0]!);
    try {
      client.send(header + REQUEST);
      await client.sees('127.0.0.1');
      return client.received.split('\r\n\r\n')[1]!;
    } finally {
      client.destroy();
      await proxy.stop();
    }
  };
  for (const program of PROGRAMS) {
    test(`is noted, though it says nothing new: ${program}`, async () => {
      expect(await ask(program, 'accept-proxy', 'PROXY UNKNOWN\r\n')).toBe('1 127.0.0.1');
      expect(await ask(program, '', '')).toBe('0 127.0.0.1');
    });
  }
});
