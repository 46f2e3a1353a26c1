import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { connect, origin, request, startProxy } from 'sluice/testing';

const config = (server: string, more = ''): string => `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
    ${more}
listen web
    bind :0
    server s ${server}
`;

describe('an origin', () => {
  test('answers as its script says, and remembers what it saw byte for byte', async () => {
    await using site = await origin({ status: 404, reason: 'Nowhere', headers: { 'X-A': ['1', '2'] }, body: 'né' });
    const response = await request(site.address, { url: '/x?y=1', headers: { 'X-B': ' b ' } });
    expect([response.status, response.reason, response.headers.all('x-a'), response.text]).toEqual([
      404,
      'Nowhere',
      ['1', '2'],
      'né',
    ]);
    expect(site.last.rawHead).toBe(`GET /x?y=1 HTTP/1.1\r\nhost: ${site.address}\r\nX-B:  b \r\n\r\n`);
    expect(site.last).toMatchObject({ method: 'GET', path: '/x', place: 1, connection: 1, complete: true });
  });

  test('sends chunks with pauses, trailers and interim answers', async () => {
    await using site = await origin({
      interim: [{ status: 103, headers: { link: '</a>' } }],
      body: ['one', 'two'],
      chunkDelay: 5,
      trailers: { 'x-sum': '6' },
    });
    const response = await request(site.address, '/');
    expect(response.chunks?.map(String)).toEqual(['one', 'two']);
    expect(response.trailers.get('x-sum')).toBe('6');
    expect(response.interim.map(({ status, headers }) => [status, headers.get('link')])).toEqual([[103, '</a>']]);
  });

  test('answers several ways in turn, and what functions make of the request', async () => {
    await using site = await origin(({ url, place }) => `${url} ${place}`);
    site.once({ status: 500 }, 'once');
    const client = await connect(site.address);
    const answers = await client.pipeline(['/a', '/b', '/c', { url: '/d', body: 'x' }]);
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [500, ''],
      [200, 'once'],
      [200, '/c 3'],
      [200, '/d 4'],
    ]);
    expect(site.connections.length).toBe(1);
    client.close();
  });

  test('resets, half-closes, says what is no HTTP, or nothing', async () => {
    await using site = await origin({ raw: 'NONSENSE', afterwards: 'reset' });
    const reset = await connect(site.address);
    reset.write('/');
    expect(await reset.receive('NONSENSE')).toBe('NONSENSE');
    expect(await reset.whenClosed()).toBe('reset');
    site.answer({ body: 'bye', afterwards: 'half-close' });
    const half = await connect(site.address);
    expect((await half.request('/')).text).toBe('bye');
    expect(await half.whenClosed()).toBe('end');
    half.send('still here');
    expect(await site.connections[1]!.receive('still here')).toContain('still here');
    half.close();
    site.answer(() => undefined);
    const silent = await connect(site.address);
    silent.write('/');
    await expect(silent.response(1, 30)).rejects.toThrow('waited 30 ms in vain for answer 1; received so far: nothing');
    silent.close();
  });

  test('plays a protocol of its own', async () => {
    await using site = await origin(
      {},
      {
        async onConnection(connection) {
          connection.send('220 hello\r\n');
          await connection.receive('QUIT\r\n');
          connection.end();
        },
      },
    );
    await using proxy = await startProxy({ config: config(site.address).replace('mode http', 'mode tcp') });
    const client = await proxy.connect();
    await client.receive(/^220 .*\r\n/);
    client.send('QUIT\r\n');
    expect(await client.whenClosed()).toBe('end');
    client.end();
    expect(site.connections[0]!.text).toBe('QUIT\r\n');
    expect((await proxy.observation()).termination).toBe('----');
  });

  test('reads a PROXY header in front of what comes', async () => {
    await using site = await origin();
    await using proxy = await startProxy({
      config: config(`${site.address} send-proxy-v2`, 'option http-server-close'),
    });
    await proxy.request('/');
    expect(site.last.proxyHeader).toMatchObject({ version: 2, command: 'proxy', source: { host: '127.0.0.1' } });
  });

  test('that is closed refuses, and comes back', async () => {
    await using site = await origin('back');
    await using proxy = await startProxy({ config: config(site.address) });
    const { port } = site;
    await site.close();
    expect((await proxy.request('/')).status).toBe(503);
    await site.listen();
    expect(site.port).toBe(port);
    expect((await proxy.request('/')).text).toBe('back');
  });

  test('whose script throws says so when it stops', async () => {
    const site = await origin(() => {
      throw new Error('an expectation of the test');
    });
    const client = await connect(site.address);
    client.write('/');
    expect(await client.whenClosed()).toBe('reset');
    await expect(site.stop()).rejects.toThrow('an expectation of the test');
  });
});

describe('a client', () => {
  test('speaks the PROXY protocol', async () => {
    await using proxy = await startProxy({
      config: `
frontend web
    mode http
    timeout client 5s
    bind :0 accept-proxy
    http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"
`,
    });
    for (const version of [1, 2] as const) {
      const proxyHeader = {
        version,
        source: { host: '203.0.113.9', port: 1234 },
        destination: { host: '198.51.100.1', port: 443 },
      };
      expect((await proxy.request('/', { proxyHeader })).text).toBe('203.0.113.9:1234 198.51.100.1:443');
    }
  });

  test('tells what came instead of an answer', async () => {
    const server = net.createServer((socket) => socket.end('gone'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    await expect(request(port, '/').then(({ complete }) => complete)).resolves.toBe(false);
    server.close();
  });

  test('says what is no address', () => {
    expect(() => connect('nowhere')).toThrow("'nowhere' is no address");
  });
});
