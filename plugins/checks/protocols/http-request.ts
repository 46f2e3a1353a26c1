import type { Format } from 'sluice/plugin';
import { rulesOf } from './rules.ts';
import { stateHeader } from './state-header.ts';
import type { Scene, SendStep } from './steps.ts';

/** A request as rules describe it; what none of them names has a default. */
export interface HttpRequest {
  readonly method?: string | undefined;
  readonly uri?: string | Format | undefined;
  readonly version?: string | undefined;
  /** Names in lower case. */
  readonly headers?: readonly (readonly [name: string, value: string | Format])[] | undefined;
  readonly body?: string | Format | undefined;
}

/** Methods whose requests say nothing about a body that they do not have. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

function textOf(value: string | Format, scene: Scene): string {
  return typeof value === 'string' ? value : value.evaluate(scene.transaction);
}

/** Whether a version is 1.1 or later in HAProxy's reading, which looks at its characters. */
function isPersistent(version: string): boolean {
  if (!/^HTTP\/..*$/s.test(version) || version.length !== 8) return false;
  return version.charAt(5) > '1' || (version.charAt(5) === '1' && version.charAt(7) >= '1');
}

/** The fields that tell whether the connection goes on, as an HTTP/1 sender writes them. */
function connectionFields(values: readonly string[], persistent: boolean): [inPlace: string[], atEnd: string[]] {
  const inPlace: string[] = [];
  let [close, keep] = [false, false];
  for (const value of values) {
    const rest = value
      .split(',')
      .map((token) => token.trim())
      .filter((token) => {
        if (/^close$/i.test(token)) close = true;
        else if (/^keep-alive$/i.test(token)) keep = true;
        else return token !== '';
        return false;
      });
    if (rest.length > 0) inPlace.push(rest.join(', '));
  }
  // Without a word about it the check says that it will close.
  close ||= values.length === 0;
  if (persistent) return [inPlace, close ? ['close'] : []];
  return [inPlace, keep && !close ? ['keep-alive'] : []];
}

/** The bytes of a request. Its framing is ours: what the rules say of it is left out. */
function encode(request: HttpRequest, withState: boolean, scene: Scene): string {
  const method = request.method ?? 'OPTIONS';
  let uri = (request.uri === undefined ? '' : textOf(request.uri, scene)) || '/';
  const version = request.version ?? 'HTTP/1.0';
  const persistent = isPersistent(version);
  const fields: [string, string][] = [];
  for (const [name, format] of request.headers ?? []) {
    if (name === 'content-length' || name === 'transfer-encoding') continue;
    const value = textOf(format, scene);
    if (value === '') continue;
    // The authority of the request target follows Host; RFC 9112 3.2.2.
    if (name === 'host') uri = uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*/i, (_, scheme: string) => scheme + value);
    fields.push([name, value]);
  }
  const connection = fields.filter(([name]) => name === 'connection').map(([, value]) => value);
  const [inPlace, atEnd] = connectionFields(connection, persistent);
  const lines: string[] = [];
  let given = 0;
  for (const [name, value] of fields) {
    if (name !== 'connection') lines.push(`${name}: ${value}`);
    else if (given < inPlace.length) lines.push(`connection: ${inPlace[given++]!}`);
  }
  if (withState) lines.push(`x-haproxy-server-state: ${stateHeader(scene)}`);
  const body = request.body === undefined ? '' : textOf(request.body, scene);
  if (body !== '' || !BODILESS.has(method)) lines.push(`content-length: ${body.length}`);
  for (const value of atEnd) lines.push(`connection: ${value}`);
  const head = [`${method} ${uri} ${persistent ? 'HTTP/1.1' : version}`, ...lines, '', ''];
  return head.join('\r\n') + body;
}

/** An `http-check send` rule. */
export function sendRequest(request: HttpRequest): SendStep {
  return {
    kind: 'send',
    make(scene) {
      scene.headRequest = request.method === 'HEAD';
      return encode(request, rulesOf(scene).sendState, scene);
    },
  };
}

/** The request that `option httpchk` and the first `http-check send` describe together. */
export const FIRST_REQUEST: SendStep = {
  kind: 'send',
  make: (scene) => sendRequest(rulesOf(scene).request).make(scene),
};
