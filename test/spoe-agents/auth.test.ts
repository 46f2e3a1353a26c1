import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { Ip } from 'sluice/agent';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { command } from '../../spoe-agents/auth/command.ts';
import { listenAnywhere } from '../support/free-port.ts';
import { startHaproxy } from '../spoe-sdk/haproxy-client.ts';
import { file, PROXIES, startAgent, type StartedAgent } from './support.ts';

interface Key {
  readonly privateKey: CryptoKey;
  readonly jwk: object;
}

async function makeKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}
const jwks = (...keys: Key[]): string => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });

let one: Key;
let two: Key;
beforeAll(async () => {
  one = await makeKey('one');
  two = await makeKey('two');
});

const token = (claims: JWTPayload = {}, key: Key = one, kid = 'one', expires = '1h'): Promise<string> =>
  new SignJWT({ iss: 'me', aud: 'shop', sub: 'alice', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setExpirationTime(expires)
    .sign(key.privateKey);

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  const port = await listenAnywhere(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

describe('tokens', () => {
  const vars = async ({ client }: StartedAgent, value: string | null): Promise<unknown> =>
    (await client.notify('check-token', { token: value })).vars;

  it('that are good let pass, with their claims', async () => {
    const claims = ['--claim', 'admin', '--claim', 'level', '--claim', 'https://example.com/roles'];
    const agent = await startAgent(command, ['--jwks', file('keys.json', jwks(one)), ...claims]);
    const given = await token({ admin: true, level: 5, 'https://example.com/roles': ['a', 'b'] });
    const expected = {
      'txn.auth_ok': true,
      'txn.claim_sub': 'alice',
      'txn.claim_admin': true,
      'txn.claim_level': 5,
      'txn.claim_https___example.com_roles': '["a","b"]',
    };
    for (const value of [given, `Bearer ${given}`, `bearer  ${given} `])
      expect(await vars(agent, value)).toEqual(expected);
  });

  it('that are not good do not, and it says why', async () => {
    const agent = await startAgent(command, [
      '--jwks',
      file('keys.json', jwks(one)),
      '--issuer',
      'me',
      '--audience',
      'shop',
    ]);
    const why = async (value: string | null): Promise<unknown> => {
      const said = (await vars(agent, value)) as Record<string, unknown>;
      expect(said['txn.auth_ok']).toBe(said['txn.auth_error'] === undefined);
      return said['txn.auth_error'];
    };
    const good = await token();
    const [head, , signature] = good.split('.');
    const forged = Buffer.from('{"sub":"root","iss":"me","aud":"shop"}').toString('base64url');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged}.`;
    const shared = await new SignJWT({ iss: 'me', aud: 'shop' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.alloc(32));
    expect(await why(good)).toBeUndefined();
    expect(await why(null)).toBe('missing');
    expect(await why('Bearer ')).toBe('missing');
    expect(await why('Basic dTpw')).toBe('invalid');
    expect(await why(`${head}.${forged}.${signature}`)).toBe('invalid');
    expect(await why(none)).toBe('invalid');
    expect(await why(shared)).toBe('invalid');
    expect(await why(await token({}, two))).toBe('invalid');
    expect(await why(await token({}, two, 'two'))).toBe('invalid');
    expect(await why(await token({}, one, 'one', '-1m'))).toBe('expired');
    expect(await why(await token({ iss: 'you' }))).toBe('claims');
    expect(await why(await token({ aud: 'bank' }))).toBe('claims');
  });

  it('have their keys fetched, also new ones', async () => {
    let keys = jwks(one);
    const url = await serve((_request, response) => response.setHeader('content-type', 'application/json').end(keys));
    const agent = await startAgent(command, ['--jwks', `${url}/jwks.json`]);
    expect(await vars(agent, await token())).toMatchObject({ 'txn.auth_ok': true });
    const file2 = file('keys.json', keys);
    const local = await startAgent(command, ['--jwks', file2]);
    expect(await vars(local, await token({}, two, 'two'))).toMatchObject({ 'txn.auth_ok': false });
    keys = jwks(one, two);
    writeFileSync(file2, keys);
    await local.running.reload!();
    expect(await vars(local, await token({}, two, 'two'))).toMatchObject({ 'txn.auth_ok': true });
    writeFileSync(file2, '{');
    await local.running.reload!();
    expect(await vars(local, await token({}, two, 'two'))).toMatchObject({ 'txn.auth_ok': true });
  });

  it('cannot be judged without keys: they do not pass', async () => {
    const broken = await serve((_request, response) => response.writeHead(500).end());
    for (const url of ['http://127.9.9.9:9/', broken]) {
      const agent = await startAgent(command, ['--jwks', url, '--timeout', '500ms']);
      expect(await vars(agent, await token())).toEqual({ 'txn.auth_ok': false, 'txn.auth_error': 'unavailable' });
      expect(agent.logged.map(({ message }) => message)).toEqual(['a request could not be judged']);
    }
  });
});

describe('the service', () => {
  const headers = 'host: www.example.com\r\ncookie: s=1\r\ncontent-length: 5\r\n\r\n';
  const request = { method: 'POST', url: '/private?x', headers, ip: Ip.parse('192.0.2.1'), tls: true };

  it('is asked with what the client sent', async () => {
    const seen: { url: string; method: string; headers: IncomingHttpHeaders }[] = [];
    const url = await serve((asked, response) => {
      seen.push({ url: asked.url!, method: asked.method!, headers: asked.headers });
      response.setHeader('x-user', 'alice').writeHead(204).end();
    });
    const { client } = await startAgent(command, ['--forward', `${url}/verify`, '--copy', 'X-User']);
    expect((await client.notify('forward-auth', request)).vars).toEqual({
      'txn.auth_ok': true,
      'txn.auth_status': 204,
      'txn.header_x_user': 'alice',
    });
    expect(seen[0]).toMatchObject({ url: '/verify', method: 'GET' });
    expect(seen[0]!.headers).toMatchObject({
      cookie: 's=1',
      host: new URL(url).host,
      'x-forwarded-method': 'POST',
      'x-forwarded-uri': '/private?x',
      'x-forwarded-host': 'www.example.com',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '192.0.2.1',
    });
    expect(seen[0]!.headers['content-length']).toBeUndefined();
    // A client cannot speak for the proxy.
    await client.notify('forward-auth', { headers: 'x-forwarded-for: 10.0.0.1\r\nx-forwarded-host: admin\r\n\r\n' });
    expect(seen[1]!.headers).toMatchObject({ 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/' });
    expect(seen[1]!.headers['x-forwarded-for']).toBeUndefined();
    expect(seen[1]!.headers['x-forwarded-host']).toBeUndefined();
  });

  it('says no, and where to go instead', async () => {
    const url = await serve((_asked, response) => response.writeHead(302, { location: '/login' }).end());
    const { client } = await startAgent(command, ['--forward', url]);
    expect((await client.notify('forward-auth', request)).vars).toEqual({
      'txn.auth_ok': false,
      'txn.auth_error': 'refused',
      'txn.auth_status': 302,
      'txn.header_location': '/login',
    });
  });

  it('that does not answer lets nobody pass', async () => {
    const silent = await serve(() => {});
    for (const url of ['http://127.9.9.9:9/', silent]) {
      const { client, logged } = await startAgent(command, ['--forward', url, '--timeout', '100ms']);
      expect((await client.notify('forward-auth', request)).vars).toEqual({
        'txn.auth_ok': false,
        'txn.auth_error': 'unavailable',
      });
      expect(logged).toHaveLength(1);
    }
  });
});

it('refuses what it cannot use', async () => {
  await expect(startAgent(command, [])).rejects.toThrow('--jwks or --forward is needed');
  await expect(startAgent(command, ['--forward', 'x'])).rejects.toThrow('a URL with http: or https:');
  await expect(startAgent(command, ['--jwks', '/none'])).rejects.toThrow('ENOENT');
});

describe.each(PROXIES)('behind %s', (program) => {
  it('decides by the authorization header', async () => {
    const agent = await startAgent(command, ['--jwks', file('keys.json', jwks(one))]);
    const haproxy = await startHaproxy({
      program,
      agent: agent.port,
      messages: { 'check-token': '  args token=req.hdr(authorization)\n  event on-frontend-http-request' },
      rules: `  http-request deny status 401 unless { var(txn.ag.auth_ok) -m bool }
  http-request return status 200 hdr user %[var(txn.ag.claim_sub)]`,
    });
    try {
      expect((await haproxy.get()).status).toBe(401);
      const good = await haproxy.get({ authorization: `Bearer ${await token()}` });
      expect(good).toMatchObject({ status: 200, headers: { user: 'alice' } });
    } finally {
      await haproxy.stop();
    }
  });
});
