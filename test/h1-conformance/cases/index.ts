import type { Case } from '../case.ts';
import { bodies } from './bodies.ts';
import { chunks } from './chunks.ts';
import { connections } from './connections.ts';
import { contentLength } from './content-length.ts';
import { fields } from './fields.ts';
import { hosts } from './hosts.ts';
import { limits } from './limits.ts';
import { lineEnds } from './line-ends.ts';
import { requestLines } from './request-lines.ts';
import { responseBodies } from './response-bodies.ts';
import { responseHeads } from './response-heads.ts';
import { transferEncoding } from './transfer-encoding.ts';
import { upgrades } from './upgrades.ts';

/** All cases by subject. */
export const tables: readonly { subject: string; cases: readonly Case[] }[] = [
  { subject: 'request lines', cases: requestLines },
  { subject: 'Host and the target', cases: hosts },
  { subject: 'line ends, folding, NUL', cases: lineEnds },
  { subject: 'field names and values', cases: fields },
  { subject: 'Content-Length', cases: contentLength },
  { subject: 'Transfer-Encoding', cases: transferEncoding },
  { subject: 'chunks and trailers', cases: chunks },
  { subject: 'bodies where none is expected', cases: bodies },
  { subject: 'connections', cases: connections },
  { subject: 'Upgrade, CONNECT, Expect', cases: upgrades },
  { subject: 'limits', cases: limits },
  { subject: 'response heads', cases: responseHeads },
  { subject: 'response bodies', cases: responseBodies },
];

export const cases: readonly Case[] = tables.flatMap((table) => table.cases);
