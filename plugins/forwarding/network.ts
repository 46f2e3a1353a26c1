import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Endpoint, Words } from 'sluice/plugin';

/** A network that addresses can be tested against. */
export type Network = (end: Endpoint) => boolean;

/** Reads `<address>[/<mask>]`, the mask as a number of bits or, for IPv4, in dots. */
export function readNetwork(words: Words): Network {
  const text = words.next('an address, with a mask if need be');
  const refuse = (): never => words.fail(`'${words.keyword} except' expects <address>[/mask] as argument.`);
  const [address = '', mask, ...more] = text.split('/');
  const family = isIPv4(address) ? 4 : isIPv6(address) ? 6 : refuse();
  if (more.length > 0) refuse();
  const bits = mask === undefined ? (family === 4 ? 32 : 128) : maskBits(mask, family);
  if (bits === undefined) return refuse();
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return (end) => end.family !== 'unix' && list.check(end.address, end.family === 4 ? 'ipv4' : 'ipv6');
}

function maskBits(mask: string, family: 4 | 6): number | undefined {
  if (/^\d{1,3}$/.test(mask)) {
    const bits = Number(mask);
    return bits <= (family === 4 ? 32 : 128) ? bits : undefined;
  }
  if (family === 6 || !isIPv4(mask)) return undefined;
  const ones = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(ones) ? ones.lastIndexOf('1') + 1 : undefined;
}
