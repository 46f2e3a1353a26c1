import type { Case, Outcome } from './case.ts';
import { canonical, type Context, type Message, messages } from './messages.ts';
import { methodsOf } from './slot.ts';

/** What is compared: an outcome with the borders of chunks removed. */
export function essence(it: Case, { statuses, closed, client, origin }: Outcome): Outcome {
  return {
    statuses,
    closed,
    client: canonical(client, { kind: 'response', methods: methodsOf(it.send), ended: closed }),
    origin: origin.map((bytes) => canonical(bytes, { kind: 'request' })),
  };
}

/**
 * Tells what is wrong with an outcome, in words; undefined when it is as wanted. An outcome that is not there yet is
 * wrong too, so the caller asks again until nothing is wrong or the time is up.
 */
export function fault(it: Case, recorded: Outcome, seen: Outcome): string | undefined {
  switch (it.want) {
    case 'same':
      return JSON.stringify(essence(it, seen)) === JSON.stringify(essence(it, recorded))
        ? undefined
        : 'not as recorded';
    case 'refuse':
      return (
        refused(it, recorded, seen) ??
        (whole(seen) === (it.good ?? 0) && !partial(seen) ? undefined : 'it reached the origin')
      );
    case 'refuse body':
      return (
        refused(it, recorded, seen) ??
        (whole(seen) === (it.good ?? 0) ? undefined : 'a whole request reached the origin')
      );
    case 'refuse response':
      return refusedResponse(it, seen);
    default:
      return refusedResponse(it, seen) === undefined || cut(it, seen) ? undefined : 'neither 502 nor cut';
  }
}

/** 400 and close, or the status with which HAProxy refuses it too (422 for transfer codings it does not know). */
function refused({ good = 0 }: Case, recorded: Outcome, { statuses, closed }: Outcome): string | undefined {
  const finals = statuses.filter((code) => code >= 200);
  if (finals.length !== good + 1) return `${good + 1} responses expected`;
  if (finals.slice(0, good).some((code) => code !== 200)) return 'a good request was refused';
  const alike = recorded.closed && finals[good] === 422 && recorded.statuses.at(-1) === 422;
  if (finals[good] !== 400 && !alike) return '400 expected';
  return closed ? undefined : 'the connection stays open';
}

function refusedResponse({ good = 0 }: Case, { statuses, client }: Outcome): string | undefined {
  const finals = statuses.filter((code) => code >= 200);
  if (finals[good] !== 502) return '502 expected';
  return client.slice(client.indexOf(' 502 ')).includes('Bad Gateway</h1>') ? undefined : 'this 502 is not our own';
}

/** A response that ends before its framing says so, with the connection. */
function cut(it: Case, { client, closed }: Outcome): boolean {
  const list = messages(client, { kind: 'response', methods: methodsOf(it.send), ended: closed });
  return closed && list.length === (it.good ?? 0) + 1 && list.at(-1)?.complete === false;
}

const REQUESTS: Context = { kind: 'request' };

const arrived = ({ origin }: Outcome): Message[] => origin.flatMap((bytes) => messages(bytes, REQUESTS));

/** How many whole requests arrived at the origin. */
const whole = (outcome: Outcome): number => arrived(outcome).filter(({ complete }) => complete).length;

const partial = (outcome: Outcome): boolean => arrived(outcome).some(({ complete }) => !complete);
