import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { suspend, taskOf } from '../task.ts';
import { readDestination } from '../transport/destination.ts';
import { HttpExchange, type HttpRequest, parseHttpUrl } from '../transport/http-exchange.ts';
import type { HttpResponse } from '../transport/http-response.ts';
import { socketsOf } from '../transport/sockets.ts';
import { HTTP_CLIENT_SETTINGS } from '../http-client-words.ts';
import type { World } from '../world.ts';
import { self } from './self.ts';

export const HTTP_CLIENT: ClassKey<object> = classKey('HTTPClient');

/** Milliseconds that a server may be silent where the request has no timeout. */
const SERVER_TIMEOUT = 60_000;
// RFC 9110 5.6.2: what a field's name may be of.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** `core.httpclient`; lua-api.rst, "HTTPClient class". */
export function httpClient(world: World): void {
  const method = (name: string): HostFunction => {
    return (call) => {
      if (call.count !== 2 || call.kind(2) !== 'table') call.fail(`'${name}' needs a table as argument`);
      self(call, type);
      const request = readRequest(call, name);
      const task = taskOf(call);
      // Without a place to wait there is no answer.
      if (task === undefined || task.role.waiting === 'ignored') return 0;
      const { life } = task;
      const ended = new AbortController();
      let response: HttpResponse | undefined;
      const exchange = new HttpExchange(
        socketsOf(world.host),
        world.host.global.extension(HTTP_CLIENT_SETTINGS),
        request,
        ended.signal,
      );
      if (task.role.waiting === 'allowed')
        void exchange.run().then((result) => {
          response = result;
          if (task.life === life) task.wake();
        });
      const finish = (late: LuaCall): number => {
        if (response === undefined) return suspend(late, finish, () => ended.abort());
        pushResponse(late, response);
        return 1;
      };
      return finish(call);
    };
  };
  const type = world.define(HTTP_CLIENT, {
    methods: {
      get: method('get'),
      head: method('head'),
      put: method('put'),
      post: method('post'),
      delete: method('delete'),
    },
  });
  world.functions('core', {
    httpclient(call) {
      const task = taskOf(call);
      if (task === undefined || task.role.kind === 'init') return 0;
      call.pushObject(type, {});
      return 1;
    },
  });
}

/** The table of a request; what is wrong with it is an error, in HAProxy's words. */
function readRequest(call: LuaCall, method: string): HttpRequest {
  let url: string | undefined;
  let body = '';
  let headers: HttpRequest['headers'] = [];
  let destination: HttpRequest['destination'];
  let timeout = SERVER_TIMEOUT;
  const text = (name: string): string => {
    if (call.kind(-1) !== 'string') call.fail(`invalid parameter in '${name}', must be a string`);
    return call.string(-1);
  };
  call.each(2, () => {
    const name = call.kind(-2) === 'string' ? call.string(-2) : call.text(-2);
    switch (name) {
      case 'url':
        url = text('url');
        break;
      case 'body':
        body = text('body');
        break;
      case 'dst': {
        const found = readDestination(text('dst'));
        if (found === undefined || found === 'no port') return call.fail("Can't use the 'dst' argument");
        destination = found;
        break;
      }
      case 'timeout':
        if (call.kind(-1) !== 'number') call.fail("invalid parameter in 'timeout', must be a number");
        timeout = call.int(-1);
        break;
      case 'headers':
        if (call.kind(-1) !== 'table') call.fail("invalid parameter in 'headers', must be a table");
        headers = readHeaders(call);
        break;
      default:
        call.fail(`'${name}' invalid parameter name`);
    }
    return false;
  });
  if (url === undefined) return call.fail("'get' need a 'url' argument");
  const parsed = parseHttpUrl(url);
  if (parsed === undefined) return call.fail("couldn't start the httpclient");
  return { method: method.toUpperCase(), url: parsed, headers, body, destination, timeout };
}

/**
 * The table on the top: a list of values for each name. What is no list, and values that are no text, are left out as HAProxy does it; a
 * value that would end its field is refused, which HAProxy does not.
 */
function readHeaders(call: LuaCall): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [];
  call.each(-1, () => {
    if (call.kind(-2) !== 'string' || call.kind(-1) !== 'table') return;
    const name = call.string(-2).toLowerCase();
    if (!TOKEN.test(name)) call.fail(`invalid header name '${name}'`);
    const count = call.length(-1);
    for (let at = 1; at <= count; at++) {
      const kind = call.getIndex(-1, at);
      if (kind === 'string' || kind === 'number') {
        const value = call.string(-1);
        if (/[\0\r\n]/.test(value)) call.fail(`invalid value of the header '${name}'`);
        headers.push([name, value]);
      }
      call.pop();
    }
  });
  return headers;
}

/** As `HTTP.res_get_headers` has them: counted from 0. */
function pushResponse(call: LuaCall, { status, reason, headers, body }: HttpResponse): void {
  call.newTable();
  call.pushInteger(status);
  call.setField(-2, 'status');
  call.pushString(reason);
  call.setField(-2, 'reason');
  call.newTable();
  const counts = new Map<string, number>();
  for (const [name, value] of headers) {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    if (count === 0) call.newTable();
    else call.getField(-1, name);
    call.pushString(value);
    call.setIndex(-2, count);
    call.setField(-2, name);
  }
  call.setField(-2, 'headers');
  call.pushBytes(body);
  call.setField(-2, 'body');
}
