import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';
import { asking } from './exchange.ts';

/** The largest X-V with which a request still passes its rules, found by halving. */
async function largest(side: Side, path: string, ...fields: readonly string[]): Promise<number> {
  const passes = async (size: number): Promise<boolean> => {
    const answer = await side.ask(
      [`GET ${path} HTTP/1.1`, 'Host: h', ...fields, `X-V: ${'A'.repeat(size)}`, 'Connection: close', '', ''].join(
        '\r\n',
      ),
    );
    return answer.startsWith('HTTP/1.1 200');
  };
  let low = 1000;
  let high = 15_000;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}

const END = 'http-request return status 200';
const SHAPES: Readonly<Record<string, string>> = {
  'add-header': 'http-request add-header X-C %[req.hdr(x-v)]',
  'add-header, three times':
    'http-request add-header X-C %[req.hdr(x-v)]\n  http-request add-header X-D a\n  http-request add-header X-D a',
  'set-header': 'http-request set-header X-V %[req.hdr(x-v)]%[req.hdr(x-v)]',
  'replace-header': 'http-request replace-header X-V (.*) \\1\\1',
  'replace-value': 'http-request replace-value X-V (.*) \\1\\1',
  'set-path': 'http-request set-path /%[req.hdr(x-v)]',
  'set-query': 'http-request set-query %[req.hdr(x-v)]',
  'set-uri': 'http-request set-uri http://x/%[req.hdr(x-v)]',
  'set-method': 'http-request set-method %[req.hdr(x-v)]',
  'replace-path': 'http-request replace-path (.*) /%[req.hdr(x-v)]',
};

const BIG = `X-V: ${'A'.repeat(9000)}`;
const TWICE = '%[req.hdr(x-v)]%[req.hdr(x-v)]';

arena('rewrites that do not fit in a buffer', ({ agree }) => {
  for (const [name, rules] of Object.entries(SHAPES)) {
    agree(
      `${name}: up to the same byte`,
      `${rules}\n  ${END}`,
      async (side) => [await largest(side, '/'), await largest(side, '/abcd', 'Y: bb')],
      (seen, expect) => expect(seen).toMatchSnapshot(),
    );
  }

  agree(
    'strict-mode off leaves them out, and holds for its rule set',
    `http-request set-var(txn.v) req.hdr(x-v)
  http-request set-var(txn.p) path
  http-request strict-mode off if { path_beg /off }
  http-request set-header X-V ${TWICE} if { path /off-set }
  http-request replace-header X-V (.*) \\1\\1 if { path /off-replace }
  http-request replace-value X-V (.*) \\1\\1 if { path /off-value }
  http-request replace-header Host h(.*) "\\1\\\\" if { path /off-broken /broken }
  http-request set-path /${TWICE} if { path /off-path }
  http-request set-method ${TWICE} if { path /off-method }
  http-request set-query ${TWICE} if { path /off-query }
  http-request set-uri /${TWICE} if { path /off-uri }
  http-request strict-mode on if { path /off-on }
  http-request set-header X-V ${TWICE} if { path /off-on /on }
  http-request early-hint X-V ${TWICE} if { path /hint }
  http-request return status 200 content-type text/plain lf-string ${TWICE} if { path /return }
  http-request return status 200 content-type text/plain lf-string x hdr X-V ${TWICE} if { path /return-hdr }
  http-request return status 200 hdr X-V %[req.hdr(x-v)] if { path_beg /after }
  http-request redirect location /${TWICE} if { path /redirect }
  http-after-response strict-mode off if { var(txn.p) -m str /after-off }
  http-after-response add-header X-D %[var(txn.v)] if { var(txn.p) -m beg /after }
  http-after-response add-header X-E %[var(txn.v)] if { var(txn.p) -m beg /after }
  http-response strict-mode off if { var(txn.p) -m str /res-off }
  http-response add-header X-D %[var(txn.v)] if { var(txn.p) -m beg /res }
  http-response add-header X-E %[var(txn.v)] if { var(txn.p) -m beg /res }`,
    async (side) => {
      const paths = ['/off-set', '/off-replace', '/off-value', '/off-broken', '/broken', '/off-path', '/off-method'];
      paths.push('/off-query', '/off-uri', '/off-on', '/on', '/hint', '/return', '/return-hdr', '/redirect', '/after');
      paths.push('/after-off', '/res', '/res-off', '/plain');
      const seen = await asking(...paths.map((path) => [path, BIG]))(side);
      return JSON.parse(JSON.stringify(seen).replaceAll(/A{100,}/g, (text) => `A*${text.length}`));
    },
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );
});
