import { response, type Arrived } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';

/** What came of a series of requests: the answers, what the origin saw, and the log. */
export interface Outcome {
  readonly answers: Readonly<Record<string, string>>;
  readonly arrived: string;
  readonly logged: readonly string[];
}

/** `GET /path` with fields, or whole bytes. */
export function request(target: string, ...fields: readonly string[]): string {
  if (target.includes('\r\n')) return target;
  const [method, path] = target.includes(' ') ? target.split(' ') : ['GET', target];
  return [`${method} ${path} HTTP/1.1`, 'Host: h.example', ...fields, '', ''].join('\r\n');
}

/** The origin answers with what the request's `X-Answer` fields say, or with some fields for rules to work on. */
function answer({ head }: Arrived): string {
  const wanted = [...head.matchAll(/\r\nx-answer: ?([^\r\n]*)/gi)].map(([, value]) => value!);
  return response('ok', ...(wanted.length > 0 ? wanted : ['X-R: a, b ,c', 'X-R: b', 'Server: origin', 'X-Two: 2']));
}

/** Sends each request on a connection of its own, one after the other. */
export function asking(...requests: readonly (string | readonly string[])[]): (side: Side) => Promise<Outcome> {
  return async (side) => {
    side.origin.answer = answer;
    const answers: Record<string, string> = {};
    for (const one of requests) {
      const [target = '', ...fields] = typeof one === 'string' ? [one] : one;
      const method = /^[A-Z]+(?= )/.exec(target)?.[0] ?? 'GET';
      const key = [target.split('\r\n', 1)[0]!.slice(0, 60), ...fields.map((field) => field.slice(0, 60))].join(' | ');
      answers[key] = await side.ask(request(target, ...fields), 1, [method]);
    }
    return { answers, arrived: side.arrived(), logged: await side.logged(requests.length) };
  };
}
