import { compileRegex, reasonPhrase, type HeaderList, type Regex, type Request, type Response } from 'sluice/plugin';
import { replaceElements } from '../../http-rules/elements.ts';
import { substitute } from '../../http-rules/substitute.ts';
import { setUri, withPath, withQuery } from '../../http-rules/uri.ts';
import { HTTP } from '../classes/http.ts';
import { checkField } from '../classes/reply.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';

/** The class HTTP: messages as actions see them; lua-api.rst, "HTTP class". */
export function http(world: World): void {
  const side = (response: boolean): ((call: LuaCall) => Request | Response) => {
    return (call) => {
      const { txn } = call.object(1, type);
      const { request, response: answer } = txn.transaction(call);
      const message = response ? answer : txn.response ? undefined : request;
      return message ?? call.fail(`not allowed in a ${response ? 'request' : 'response'}`);
    };
  };
  const request = side(false) as (call: LuaCall) => Request;
  const response = side(true) as (call: LuaCall) => Response;

  const type = world.define(HTTP, {
    methods: {
      ...fieldMethods('req', (call) => request(call).headers),
      ...fieldMethods('res', (call) => response(call).headers),
      req_set_method: counted('req_set_method', 2, (call) => {
        request(call).method = token(call, 2);
        call.pushBoolean(true);
        return 1;
      }),
      req_set_path: counted('req_set_path', 2, (call) => {
        const message = request(call);
        message.uri = withPath(message.uri, target(call, 2));
        call.pushBoolean(true);
        return 1;
      }),
      req_set_query: counted('req_set_query', 2, (call) => {
        const message = request(call);
        message.uri = withQuery(message.uri, target(call, 2));
        call.pushBoolean(true);
        return 1;
      }),
      req_set_uri: counted('req_set_uri', 2, (call) => {
        setUri(request(call), target(call, 2));
        call.pushBoolean(true);
        return 1;
      }),
      res_set_status(call) {
        if (call.count < 2 || call.count > 3) call.fail("'res_set_status' needs between 2 and 3 arguments");
        const message = response(call);
        const status = call.int(2);
        if (status < 100 || status > 999) call.failArgument(2, 'invalid status code');
        message.status = status;
        message.reason = call.optionalString(3, reasonPhrase(status));
        return 0;
      },
    },
  });
}

function counted(name: string, count: number, run: HostFunction): HostFunction {
  return (call) => (call.count === count ? run(call) : call.fail(`'${name}' needs ${count} arguments`));
}

/** A method's name. */
function token(call: LuaCall, index: number): string {
  const text = call.string(index);
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text) ? text : call.failArgument(index, 'invalid method');
}

/** What stands on a request line between blanks. */
function target(call: LuaCall, index: number): string {
  const text = call.string(index);
  return /[\0-\x20\x7f]/.test(text) ? call.failArgument(index, 'invalid character') : text;
}

/** Methods for the fields of one side's message, `req_…` or `res_…`. */
function fieldMethods(side: 'req' | 'res', fieldsOf: (call: LuaCall) => HeaderList): Record<string, HostFunction> {
  const method = (
    name: string,
    count: number,
    run: (call: LuaCall, fields: HeaderList) => number,
  ): [string, HostFunction] => [
    `${side}_${name}`,
    counted(`${side}_${SHOWN[name] ?? name}`, count, (call) => run(call, fieldsOf(call))),
  ];
  return Object.fromEntries([
    method('get_headers', 1, (call, fields) => pushFields(call, fields)),
    method('add_header', 3, (call, fields) => {
      const [name, value] = field(call);
      fields.add(name, value);
      return 0;
    }),
    method('set_header', 3, (call, fields) => {
      const [name, value] = field(call);
      fields.set(name, value);
      return 0;
    }),
    method('del_header', 2, (call, fields) => {
      fields.delete(call.string(2).toLowerCase());
      return 0;
    }),
    method('rep_header', 4, (call, fields) => replaceFields(call, fields, false)),
    method('rep_value', 4, (call, fields) => replaceFields(call, fields, true)),
  ]);
}

/** What HAProxy calls some of them in its messages. */
const SHOWN: Readonly<Record<string, string>> = { set_header: 'set_hdr', del_header: 'del_hdr', add_header: 'add_hdr' };

function field(call: LuaCall): [string, string] {
  const name = call.string(2).toLowerCase();
  const value = call.string(3);
  checkField(call, name, value);
  return [name, value];
}

/** `{ name = { [0] = value, … } }`: lists begin at 0 here. */
export function pushFields(call: LuaCall, fields: HeaderList): number {
  call.newTable();
  const table = call.count;
  const counts = new Map<string, number>();
  for (let index = 0; index < fields.size; index++) {
    const name = fields.nameAt(index);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    if (count === 0) {
      call.newTable();
      call.pushCopy(-1);
      call.setField(table, name);
    } else call.getField(table, name);
    call.pushString(fields.valueAt(index));
    call.setIndex(-2, count);
    call.pop();
  }
  return 1;
}

const compiled = new Map<string, Regex>();
const REMEMBERED = 256;

function regex(call: LuaCall, pattern: string): Regex {
  let found = compiled.get(pattern);
  if (found === undefined) {
    try {
      found = compileRegex(pattern, false);
    } catch {
      return call.failArgument(3, 'invalid regex');
    }
    if (compiled.size >= REMEMBERED) compiled.clear();
    compiled.set(pattern, found);
  }
  return found;
}

/** `rep_header` looks at whole values, `rep_value` at each part between commas. */
export function replaceFields(call: LuaCall, fields: HeaderList, parts: boolean): number {
  const name = call.string(2).toLowerCase();
  const pattern = regex(call, call.string(3));
  const template = call.string(4);
  for (let index = 0; index < fields.size; index++) {
    if (fields.nameAt(index) !== name) continue;
    const before = fields.valueAt(index);
    const after = parts ? replaceElements(before, pattern, template) : replaceWhole(before, pattern, template);
    if (after === undefined || after === before) continue;
    checkField(call, name, after);
    fields.setAt(index, after);
  }
  call.pushBoolean(true);
  return 1;
}

function replaceWhole(value: string, pattern: Regex, template: string): string | undefined {
  const match = pattern.find(value, 0);
  return match && substitute(template, value, match);
}
