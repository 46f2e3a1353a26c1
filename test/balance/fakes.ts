import type { Backend, Balancer, Extension, Server, Transaction } from '../../core/api/index.ts';

export interface FakeServer {
  readonly name: string;
  readonly id: number;
  readonly weight: number;
  effectiveWeight: number;
  fineWeight: number;
  usable: boolean;
  backup: boolean;
  maxconn: number;
  limit: number;
  active: number;
  queued: number;
}

/** A server with only what the algorithms look at; the kernel's own objects are tested with traffic. */
export function fakeServer(index: number, weight: number, more: Partial<FakeServer> = {}): FakeServer {
  return {
    name: String(index),
    id: index + 1,
    weight,
    effectiveWeight: weight,
    fineWeight: 16 * weight,
    usable: true,
    backup: false,
    maxconn: 0,
    limit: 0,
    active: 0,
    queued: 0,
    address: { family: 4, address: '127.0.0.1', port: 80 },
    extension: () => undefined,
    ...more,
  } as FakeServer;
}

export function fakeBackend(
  servers: readonly FakeServer[],
  options: [string, boolean][] = [],
  extensions: ReadonlyMap<Extension<object>, object> = new Map(),
): Backend {
  return {
    servers: servers as unknown as readonly Server[],
    settings: { options: new Map(options) },
    clock: { now: () => performance.now() },
    extension: (key: Extension<object>) => extensions.get(key),
  } as unknown as Backend;
}

export function setWeight(server: FakeServer, weight: number): void {
  server.effectiveWeight = weight;
  server.fineWeight = 16 * weight;
}

export function tell(balancer: Balancer, server: FakeServer): void {
  balancer.changed?.(server as unknown as Server);
}

/** The names of the next servers in turn, `-` where there is none. */
export function turns(balancer: Balancer, count: number): string {
  let order = '';
  for (let i = 0; i < count; i++) order += balancer.pick({} as Transaction)?.name ?? '-';
  return order;
}
