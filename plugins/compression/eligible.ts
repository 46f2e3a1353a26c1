import type { Request, Response } from 'sluice/plugin';
import type { DirectionSettings } from './settings.ts';

const STATUSES: ReadonlySet<number> = new Set([200, 201, 202, 203]);

/** MSIE before 7, but for 6 with the second service pack of Windows XP, said that it understood gzip and did not; as HAProxy tells them. */
const OLD = /^Mozilla\/4/;
const GOOD = /^Mozilla\/4\.0 \(compatible; MSIE (?:[7-9]|6\.[^;]*;.*SV1)/;

/** Whether the answer to a request may be compressed, as far as the client is concerned; its Accept-Encoding apart. */
export function canDecompress({ headers, method, version }: Request): boolean {
  if (version !== '1.1' || method === 'HEAD') return false;
  const agent = headers.get('user-agent');
  return agent === undefined || !OLD.test(agent) || GOOD.test(agent);
}

/** Whether a server's response may be compressed, as it came from the server (configuration.txt 4.2, `compression`). Its length is not looked at. */
export function isEligible(response: Response, settings: DirectionSettings): boolean {
  const { headers } = response;
  if (!STATUSES.has(response.status) || response.version !== '1.1') return false;
  if (headers.has('content-encoding') || !isFramed(headers)) return false;
  if (headers.all('cache-control').some((field) => /(?:^|[,\s])no-transform(?:$|[,\s;])/i.test(field))) return false;
  const tags = headers.all('etag');
  if (tags.length > 1 || (tags.length === 1 && !/^(?:W\/)?"[^"]*"$/.test(tags[0]!))) return false;
  return matchesType(headers.get('content-type'), settings.types);
}

/** The same for a request's body. */
export function isRequestEligible({ headers, version }: Request, settings: DirectionSettings): boolean {
  if (version !== '1.1' || headers.has('content-encoding') || !isFramed(headers)) return false;
  return matchesType(headers.get('content-type'), settings.types);
}

/** Its end is known otherwise than by the end of the connection, and there is a body at all. */
function isFramed(headers: Request['headers']): boolean {
  const length = headers.get('content-length');
  return length === undefined ? headers.has('transfer-encoding') : length !== '0';
}

/** The beginning of the type counts, as with HAProxy: `text/` is any text. */
function matchesType(type: string | undefined, wanted: readonly string[]): boolean {
  const name = type?.trimStart().toLowerCase();
  if (name?.startsWith('multipart') === true) return false;
  if (wanted.length === 0) return true;
  return name !== undefined && wanted.some((beginning) => name.startsWith(beginning));
}

/** The entity is another one now, though its meaning is the same: RFC 9110 8.8.1. */
export function weaken(tag: string): string {
  return tag.startsWith('W/') ? tag : `W/${tag}`;
}
