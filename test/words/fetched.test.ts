import { arena } from '../http/arena.ts';
import { get } from '../http/wire.ts';
import type { Side } from '../http/side.ts';

/** A section that answers by itself with a text made of a format. */
const answering = (format: string, lines = ''): string => `frontend {name}
  bind {bind}
  ${lines}
  http-request return status 200 content-type text/plain lf-string "${format}"`;

/** A section with a server whose answer shows a format. */
const showing = (format: string, lines = ''): string => `listen {name}
  bind {bind}
  ${lines}
  http-response set-header x-seen "${format}"
  server s {origin}`;

const body = (answer: string): string | undefined => answer.split('\n\n')[1];
const seenIn = (answer: string): string[] => [...answer.matchAll(/^x-seen: (.*)$/gm)].map((found) => found[1]!);

/** One connection that sends as many requests, one after the other. */
async function requests(side: Side, count: number, number?: number): Promise<string> {
  const client = await side.client('', number);
  for (let i = 1; i <= count; i++) {
    client.send(get('/'));
    await side.answers(client, i);
  }
  return side.shown(client);
}

arena('fetches from the state of the proxy', ({ agree, alone }) => {
  const rates = `frontend {name}
  bind {bind}
  default_backend {name}b
backend {name}b
  server s {origin}
frontend {name}f
  bind {bind2}
  http-request return status 200 content-type text/plain lf-string "%[fe_req_rate({name})] %[fe_sess_rate({name})] %[be_sess_rate({name}b)] %[srv_sess_rate({name}b/s)]"`;

  agree(
    'rates count connections of frontends, requests, and what backends and servers are given',
    rates,
    async (side) => {
      await requests(side, 1);
      await requests(side, 4);
      // On a busy machine a part may be more than a second old.
      const [request, , backend, server] = body(await requests(side, 1, 2))!
        .split(' ')
        .map(Number);
      return [backend === server, backend! >= 1, request! >= backend!];
    },
    (seen, expect) => expect(seen).toEqual([true, true, true]),
  );

  agree(
    'what happened more than two seconds ago does not count',
    rates,
    async (side) => {
      await requests(side, 3);
      await new Promise((resolve) => void setTimeout(resolve, 2100));
      return body(await requests(side, 1, 2));
    },
    (seen, expect) => expect(seen).toBe('0 0 0 0'),
  );

  agree(
    "the connection to the server: its source, the server's address, whether it was reused",
    showing('%[bc_src] %[bc_dst] %[bc_dst_port,bool] %[bc_http_major] %[bc_src_port,bool]'),
    async (side) => seenIn(await side.ask(get('/', 'Connection: close'))),
    (seen, expect) => expect(seen).toEqual(['127.0.0.1 127.0.0.1 1 1 1']),
  );

  alone(
    'reuse, streams and limits, sizes, and the status as it came',
    showing(
      '%[bc_reused] %[bc_nb_streams] %[bc_settings_streams_limit] %[fc_nb_streams] %[fc_settings_streams_limit] %[cur_max_retries] %[server_status]/%[status] %[req.bytes_out,bool] %[res.bytes_in,bool] %[bs.aborted]%[fs.aborted] %[bs.rst_code]%[fs.rst_code]',
      'retries 3\n  http-reuse always\n  http-response set-status 201',
    ),
    (side) => requests(side, 2),
    (seen, expect) => expect(seenIn(seen)).toEqual(['0 1 1 1 1 3 200/201 1 1 00 ', '1 1 1 1 1 3 200/201 1 1 00 ']),
  );

  alone(
    'what TCP measured',
    showing(
      '%[fc_rtt(us),bool] %[fc_rttvar(us),bool] %[bc_rtt(us),bool] %[fc_unacked] %[fc_lost] %[fc_retrans] %[fc_sacked]',
    ),
    (side) => side.ask(get('/', 'Connection: close')),
    (seen, expect) => expect(seenIn(seen)).toEqual(['1 1 1 0 0 0 0']),
  );

  alone(
    'the values of a PROXY protocol header',
    `frontend {name}
  bind {bind} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[fc_pp_authority]|%[fc_pp_unique_id]|%[fc_pp_tlv(224)]|%[fc_pp_tlv(authority)]|%[fc_pp_tlv(SSL_CN)]" if { fc_pp_tlv(224) b }`,
    async (side) => {
      const value = (type: number, text: string): string => String.fromCharCode(type, 0, text.length) + text;
      const values = [
        value(0x02, 'www.example.com'),
        value(0x05, 'id-1'),
        value(224, 'a'),
        value(224, 'b'),
        value(0x20, `\x01\0\0\0\0${value(0x22, 'me')}`),
      ].join('');
      const ends = '\x01\x02\x03\x04\x05\x06\x07\x08\x00\x50\x00\x51';
      const size = ends.length + values.length;
      const head = `\r\n\r\n\0\r\nQUIT\n\x21\x11${String.fromCharCode(size >> 8, size & 255)}${ends}${values}`;
      return body(await side.ask(head + get('/', 'Connection: close')));
    },
    (seen, expect) => expect(seen).toMatch(/^www\.example\.com\|id-1\|a\|www\.example\.com\|me/),
  );

  alone(
    'all variables with their values',
    answering(
      '%[dump_all_vars] # %[dump_all_vars(txn)] # %[dump_all_vars(txn,b)] # %[dump_all_vars(txn,,;)]#%[dump_all_vars(req)]',
      `http-request set-var(txn.a) str('say \\"hi\\"')
  http-request set-var(sess.z) int(-5)
  http-request set-var(txn.b) bin(00ff)
  http-request set-var(txn.c) bool(true)
  http-request set-var(txn.d) src
  http-request set-var(txn.m) method`,
    ),
    async (side) => body(await side.ask(get('/', 'Connection: close'))),
    (seen, expect) =>
      expect(seen).toBe(
        'sess.z=-5, txn.a="say \\"hi\\"", txn.b=x00ff, txn.c=true, txn.d=127.0.0.1, txn.m="GET" # ' +
          'txn.a="say \\"hi\\"", txn.b=x00ff, txn.c=true, txn.d=127.0.0.1, txn.m="GET" # txn.b=x00ff # ' +
          'txn.a="say \\"hi\\"";txn.b=x00ff;txn.c=true;txn.d=127.0.0.1;txn.m="GET"#',
      ),
  );
});

for (const [scope, limit, expected] of [
  ['txn', 160, '1 2 -'],
  ['txn', 80, '1 - -'],
  ['txn', 79, '- - -'],
  ['reqres', 80, '1 2 3'],
  ['sess', 240, '1 2 3'],
  ['sess', 239, '1 2 -'],
  ['proc', 239, '1 2 -'],
  ['global', 160, '1 2 -'],
] as const) {
  arena(
    `variables with tune.vars.${scope}-max-size ${limit}`,
    ({ agree }) => {
      agree(
        'what does not fit is not kept; what ended is room again',
        answering(
          '%[var(txn.a)] %[var(txn.b)] %[var(txn.c)]',
          `http-request set-var(txn.a) int(1)
  http-request set-var(txn.b) int(2)
  http-request set-var(txn.c) int(3)`,
        ),
        async (side) => {
          await requests(side, 1);
          return body((await requests(side, 2)).replace(/^[^]*HTTP/, 'HTTP'));
        },
        (seen, expect) => expect(seen).toBe(expected.replaceAll('-', '')),
      );
    },
    { global: `  tune.vars.${scope}-max-size ${limit}` },
  );
}
