import type { Headers } from '../sdk/index.ts';

/** RFC 9110 7.6.1: what is between two hops only; and what the new request says anew. */
const OWN = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers of a client's request that a request made from it may have; several of a name as a list. */
export function passedOn(headers: Headers): Record<string, string[]> {
  const hops = new Set<string>();
  for (const [name, value] of headers)
    if (name.toLowerCase() === 'connection') for (const word of value.split(',')) hops.add(word.trim().toLowerCase());
  const passed: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    if (OWN.has(name) || hops.has(name)) continue;
    (passed[name] ??= []).push(value);
  }
  return passed;
}
