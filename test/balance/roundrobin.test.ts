import { describe, expect, it } from 'vitest';
import { RoundRobin } from '../../plugins/balance/roundrobin.ts';
import { fakeBackend as backend, fakeServer as server, tell, turns } from './fakes.ts';

const order = (weights: number[], count: number): string =>
  turns(new RoundRobin(backend(weights.map((weight, index) => server(index, weight)))), count);

describe('round robin', () => {
  // Each sequence was recorded from HAProxy 2.6 over one client connection.
  it.each([
    [[1, 1, 1], '012012012012'],
    [[1, 2], '110110110110'],
    [[5, 1, 1], '00010020001002'],
    [[3, 2, 1], '010201010201'],
    [[1, 2, 3, 4], '32312303213231230321'],
    [[3, 3, 2], '0101201021012010210120102101201021012010'],
    [[256, 128, 64], '00102010010201'],
    [[0, 1, 2], '221221221221'],
    [[1, 10, 5, 4, 20, 2], '41424143414241454314241404143241441452431441424143414241454314241404143241441452'],
    [[2, 7, 13, 9], '23213202132312231232123023122312321320213231223123212302312231232132021323122312'],
    [[4, 10, 10, 13, 4, 7], '31235123041532312531024351323125034123512331025431235123041532312531024351323125'],
  ])('takes the turns of HAProxy with the weights %j', (weights, expected) => {
    expect(order(weights, expected.length)).toBe(expected);
  });

  it('passes over a server without room and takes it when it has some', () => {
    const servers = [server(0, 1), server(1, 1)];
    const robin = new RoundRobin(backend(servers));
    servers[0]!.limit = 1;
    servers[0]!.active = 1;
    expect(turns(robin, 3)).toBe('111');
    servers[0]!.active = 0;
    expect(turns(robin, 1)).toBe('0');
  });

  it('has nobody when none has room', () => {
    const servers = [server(0, 1)];
    servers[0]!.limit = 1;
    servers[0]!.active = 1;
    expect(turns(new RoundRobin(backend(servers)), 1)).toBe('-');
  });

  it('uses the first backup when no other server is usable, all of them with option allbackups', () => {
    const servers = [server(0, 1), server(1, 1), server(2, 1)];
    servers[1]!.backup = servers[2]!.backup = true;
    const robin = new RoundRobin(backend(servers));
    const both = new RoundRobin(backend(servers, [['allbackups', true]]));
    expect(turns(robin, 2)).toBe('00');
    servers[0]!.usable = false;
    tell(robin, servers[0]!);
    tell(both, servers[0]!);
    expect(turns(robin, 2)).toBe('11');
    expect(turns(both, 4)).toBe('1212');
  });

  it('gives a server that comes back its share', () => {
    const servers = [server(0, 1), server(1, 1)];
    const robin = new RoundRobin(backend(servers));
    servers[1]!.usable = false;
    tell(robin, servers[1]!);
    expect(turns(robin, 2)).toBe('00');
    servers[1]!.usable = true;
    tell(robin, servers[1]!);
    expect(turns(robin, 10).replaceAll('0', '').length).toBeGreaterThanOrEqual(5);
  });

  it('takes a full server again when its limit goes', () => {
    const servers = [server(0, 1, { maxconn: 1, limit: 1, active: 1 }), server(1, 1)];
    const robin = new RoundRobin(backend(servers));
    expect(turns(robin, 2)).toBe('11');
    servers[0]!.maxconn = servers[0]!.limit = 0;
    tell(robin, servers[0]!);
    expect(turns(robin, 3)).toContain('0');
  });
});
