import type { Expression, Extension, Proxy } from 'sluice/plugin';
import type { Network } from './network.ts';

/** `option forwardfor` or `option originalto`. */
export interface AddressHeader {
  readonly name: string;
  readonly except: Network | undefined;
  readonly ifNone: boolean;
}

/** A parameter of `option forwarded`: a value of the connection's own, or an expression's. */
export type Parameter = 'own' | Expression;

/** `option forwarded`; what is undefined is left out. RFC 7239. */
export interface Forwarded {
  proto: boolean;
  host: Parameter | undefined;
  by: Parameter | undefined;
  byPort: Parameter | undefined;
  for: Parameter | undefined;
  forPort: Parameter | undefined;
}

export interface Forwarding {
  forwardfor: AddressHeader | undefined;
  originalto: AddressHeader | undefined;
  forwarded: Forwarded | undefined;
}

export const FORWARDING: Extension<Forwarding> = {
  name: 'forwarding',
  create: () => ({ forwardfor: undefined, originalto: undefined, forwarded: undefined }),
  inherit: (from) => ({ ...from }),
};

export function forwardingOf(proxy: Proxy | undefined): Forwarding | undefined {
  return proxy?.extension(FORWARDING);
}
