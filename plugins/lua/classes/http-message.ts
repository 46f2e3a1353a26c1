import { reasonPhrase, type FilterFlow, type HeaderList, type Request, type Response } from 'sluice/plugin';
import { setUri, withPath, withQuery } from '../../http-rules/uri.ts';
import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall, LuaClass } from '../engine/engine.ts';
import { pushFields, replaceFields } from '../library/http.ts';
import type { World } from '../world.ts';
import type { PayloadWindow } from './payload-window.ts';
import { checkField } from './reply.ts';
import { self } from './self.ts';

/** A message on its way through a filter. */
export interface LuaMessage {
  readonly flow: FilterFlow;
  /** Its head has not been passed on: it may be changed. */
  readonly atHead: boolean;
  window(call: LuaCall): PayloadWindow;
  /** The script has said how long the body will be: a number, chunked, or that it does not know. */
  resize(length: number | undefined): void;
}

export const HTTP_MESSAGE: ClassKey<LuaMessage> = classKey('HTTPMessage');

/** Bytes that HAProxy's own form of a message has besides its texts: the start line, and the end of the fields. */
const OVERHEAD = 21;

/** lua-api.rst, "HTTPMessage class". */
export function httpMessages(world: World): void {
  const headOf = (call: LuaCall): Request | Response => {
    const { flow, atHead } = self(call, type);
    const { request, response } = flow.transaction;
    const message = flow.direction === 'request' ? request : response;
    if (message === undefined) return call.fail('the message is over');
    return atHead ? message : call.fail('the head of the message has been passed on');
  };
  const requestOf = (call: LuaCall): Request => {
    const message = headOf(call);
    return 'uri' in message ? message : call.failArgument(1, 'a request expected');
  };
  const responseOf = (call: LuaCall): Response => {
    const message = headOf(call);
    return 'status' in message ? message : call.failArgument(1, 'a response expected');
  };
  const fieldsOf = (call: LuaCall): HeaderList => headOf(call).headers;
  const done = (call: LuaCall): number => {
    call.pushBoolean(true);
    return 1;
  };
  /** Passes on what concerns the length of the body, which is the kernel's to write. */
  const framing = (call: LuaCall, name: string, value: string | undefined): boolean => {
    if (name !== 'content-length' && name !== 'transfer-encoding') return false;
    const message = self(call, type);
    if (value === undefined) {
      if (name === 'content-length' && message.flow.length !== undefined) message.resize(undefined);
      return true;
    }
    if (name === 'transfer-encoding') message.resize(undefined);
    else if (/^\d{1,15}$/.test(value)) message.resize(Number(value));
    else call.failArgument(2, 'invalid content-length');
    return true;
  };
  const window = (run: (call: LuaCall, window: PayloadWindow) => number): HostFunction => {
    return (call) => run(call, self(call, type).window(call));
  };
  /** What changes the payload does so in `http_payload`, where there is one. */
  const edit = (run: (call: LuaCall, window: PayloadWindow) => number): HostFunction => {
    return (call) => {
      const message = self(call, type);
      if (message.atHead) call.fail('Cannot manipulate the payload of HTTP messages outside of http_payload.');
      return run(call, message.window(call));
    };
  };
  const size = (call: LuaCall): number => {
    const message = self(call, type);
    return message.window(call).input.length + (message.atHead ? headSize(headOf(call)) : 0);
  };

  const type: LuaClass<LuaMessage> = world.define(HTTP_MESSAGE, {
    methods: {
      add_header(call) {
        const [name, value] = readField(call);
        if (!framing(call, name, value)) fieldsOf(call).add(name, value);
        return 0;
      },
      set_header(call) {
        const [name, value] = readField(call);
        if (!framing(call, name, value)) fieldsOf(call).set(name, value);
        return 0;
      },
      del_header(call) {
        const name = call.string(2).toLowerCase();
        if (!framing(call, name, undefined)) fieldsOf(call).delete(name);
        return 0;
      },
      rep_header: (call) => withoutResult(replaceFields(call, fieldsOf(call), false), call),
      rep_value: (call) => withoutResult(replaceFields(call, fieldsOf(call), true), call),
      get_headers: (call) => pushFields(call, fieldsOf(call)),
      get_stline: (call) => pushStartLine(call, headOf(call)),
      set_method(call) {
        const message = requestOf(call);
        const method = call.string(2);
        if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) call.failArgument(2, 'invalid method');
        message.method = method;
        return done(call);
      },
      set_path(call) {
        const message = requestOf(call);
        message.uri = withPath(message.uri, readTarget(call));
        return done(call);
      },
      set_query(call) {
        const message = requestOf(call);
        message.uri = withQuery(message.uri, readTarget(call));
        return done(call);
      },
      set_uri(call) {
        setUri(requestOf(call), readTarget(call));
        return done(call);
      },
      set_status(call) {
        const message = responseOf(call);
        const status = call.int(2);
        if (status < 100 || status > 999) call.failArgument(2, 'invalid status code');
        message.status = status;
        message.reason = call.optionalString(3, reasonPhrase(status));
        return done(call);
      },
      set_body_len(call) {
        headOf(call);
        const message = self(call, type);
        const length = call.kind(2) === 'number' ? call.int(2) : call.string(2);
        if (typeof length === 'number' ? length < 0 : length !== 'chunked') call.pushBoolean(false);
        else {
          message.resize(typeof length === 'number' ? length : undefined);
          call.pushBoolean(true);
        }
        return 1;
      },
      is_resp(call) {
        call.pushBoolean(self(call, type).flow.direction === 'response');
        return 1;
      },
      is_full(call) {
        const { bufsize } = world.host.global.settings;
        call.pushBoolean(size(call) >= bufsize);
        return 1;
      },
      may_recv: window((call, { open }) => {
        call.pushBoolean(open);
        return 1;
      }),
      eom: window((call, { ended }) => {
        call.pushBoolean(ended);
        return 1;
      }),
      set_eom: edit((_call, payload) => {
        payload.ended = true;
        payload.open = false;
        return 0;
      }),
      unset_eom: edit((_call, payload) => {
        payload.ended = false;
        return 0;
      }),
      input(call) {
        call.pushInteger(size(call));
        return 1;
      },
      output: window((call, payload) => {
        call.pushInteger(payload.outputSize);
        return 1;
      }),
      body(call) {
        const message = self(call, type);
        if (message.atHead) {
          call.pushNil();
          return 1;
        }
        return message.window(call).pushData(call, 2);
      },
      append: edit((call, payload) => payload.append(call)),
      prepend: edit((call, payload) => payload.prepend(call)),
      insert: edit((call, payload) => payload.insertAt(call)),
      remove: edit((call, payload) => payload.remove(call)),
      set: edit((call, payload) => payload.set(call)),
      send: edit((call, payload) => payload.send(call)),
      forward: edit((call, payload) => {
        call.pushInteger(payload.pass(call.int(2)));
        return 1;
      }),
    },
  });
}

function withoutResult(_results: number, _call: LuaCall): number {
  return 0;
}

function readField(call: LuaCall): [name: string, value: string] {
  const name = call.string(2).toLowerCase();
  const value = call.string(3);
  checkField(call, name, value);
  return [name, value];
}

/** What stands on a request line between blanks. */
function readTarget(call: LuaCall): string {
  const text = call.string(2);
  return /[\0-\x20\x7f]/.test(text) ? call.failArgument(2, 'invalid character') : text;
}

function pushStartLine(call: LuaCall, message: Request | Response): number {
  const parts =
    'uri' in message
      ? { method: message.method, uri: message.uri }
      : { code: String(message.status), reason: message.reason };
  call.newTable();
  for (const [name, value] of Object.entries({ ...parts, version: `HTTP/${message.version}` })) {
    call.pushString(value);
    call.setField(-2, name);
  }
  return 1;
}

/** As HAProxy counts it. */
function headSize(message: Request | Response): number {
  const line =
    'uri' in message
      ? message.method.length + message.uri.length
      : String(message.status).length + message.reason.length;
  let size = OVERHEAD + line + 'HTTP/1.1'.length;
  for (let index = 0; index < message.headers.size; index++)
    size += message.headers.nameAt(index).length + message.headers.valueAt(index).length;
  return size;
}
