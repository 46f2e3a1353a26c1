import { reasonPhrase, type Reply } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';

/** `txn:reply` gives a table with methods: what it says is in its fields. */
export const REPLY: ClassKey<object> = classKey('Reply');

export function newReply(call: LuaCall, world: World): number {
  const given = call.kind(2) === 'table';
  call.pushObject(world.class(REPLY), {});
  const reply = call.count;
  const status = given && call.getField(2, 'status') !== 'nil' ? call.int(-1) : 200;
  checkStatus(call, status);
  call.pushInteger(status);
  call.setField(reply, 'status');
  if (given && call.getField(2, 'reason') !== 'nil') call.pushString(call.string(-1));
  else call.pushString(reasonPhrase(status));
  call.setField(reply, 'reason');
  if (given && call.getField(2, 'body') !== 'nil') {
    call.pushString(call.string(-1));
    call.setField(reply, 'body');
  }
  if (given && call.getField(2, 'headers') === 'table') call.pushCopy(-1);
  else call.newTable();
  call.setField(reply, 'headers');
  call.count = reply;
  return 1;
}

function checkStatus(call: LuaCall, status: number): void {
  if (status < 100 || status > 999) call.failArgument(2, 'invalid status code: it must be between 100 and 999');
}

/** The answer that a table describes: a Reply's, or any with these fields. */
export function readReply(call: LuaCall, index: number): Reply {
  const before = call.count;
  const status = call.getField(index, 'status') === 'nil' ? 200 : call.int(-1);
  checkStatus(call, status);
  const reason = call.getField(index, 'reason') === 'nil' ? undefined : call.string(-1);
  const body = call.getField(index, 'body') === 'nil' ? '' : call.string(-1);
  const headers: [string, string][] = [];
  if (call.getField(index, 'headers') === 'table') readFields(call, call.count, headers);
  call.count = before;
  // Its place is the last one. A 204 has none: RFC 9110, 8.6.
  if (status !== 204) headers.push(['content-length', '0']);
  return { status, ...(reason === undefined || reason === '' ? {} : { reason }), body, headers };
}

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[^\0\r\n]*$/;

/** Raises an error for a name or value that would break the message. */
export function checkField(call: LuaCall, name: string, value: string): void {
  if (!FIELD_NAME.test(name)) call.fail(`'${name}' is not a valid header name`);
  if (!FIELD_VALUE.test(value)) call.fail(`the value of header '${name}' contains characters that are not allowed`);
}

/** Fields as scripts give them: `{ name = { value, value } }`, or one value by itself. The answer's own framing stays. */
export function readFields(call: LuaCall, index: number, into: [string, string][]): void {
  call.each(index, (at) => {
    const name = at.text(-2).toLowerCase();
    const add = (value: string): void => {
      checkField(at, name, value);
      if (name !== 'content-length' && name !== 'transfer-encoding' && name !== 'connection') into.push([name, value]);
    };
    if (at.kind(-1) !== 'table') {
      add(at.text(-1));
      return;
    }
    const values = at.count;
    const list: [number, string][] = [];
    at.each(values, (pair) => {
      list.push([pair.kind(-2) === 'number' ? pair.number(-2) : Infinity, pair.text(-1)]);
    });
    for (const [, value] of list.toSorted(([a], [b]) => a - b)) add(value);
  });
}

/** Defines the class; its methods work on the fields. */
export function replies(world: World): void {
  const method = (name: string, least: number, most: number, run: HostFunction): HostFunction => {
    const text = least === most ? `${least}` : `between ${least} and ${most}`;
    return (call) => {
      if (call.count < least || call.count > most) call.fail(`'${name}' needs ${text} arguments`);
      return run(call);
    };
  };
  world.define(REPLY, {
    methods: {
      set_status: method('set_status', 2, 3, (call) => {
        const status = call.int(2);
        checkStatus(call, status);
        call.pushInteger(status);
        call.setField(1, 'status');
        call.pushString(call.optionalString(3, reasonPhrase(status)));
        call.setField(1, 'reason');
        call.pushBoolean(true);
        return 1;
      }),
      add_header: method('add_header', 3, 3, (call) => {
        const [name, value] = [call.string(2), call.string(3)];
        if (call.getField(1, 'headers') !== 'table') {
          call.newTable();
          call.pushCopy(-1);
          call.setField(1, 'headers');
        }
        const headers = call.count;
        if (call.getField(headers, name) !== 'table') {
          call.newTable();
          call.pushCopy(-1);
          call.setField(headers, name);
        }
        const values = call.count;
        const length = call.length(values);
        call.pushString(value);
        call.setIndex(values, length + 1);
        call.pushBoolean(true);
        return 1;
      }),
      del_header: method('del_header', 2, 2, (call) => {
        const name = call.string(2);
        if (call.getField(1, 'headers') === 'table') {
          call.pushNil();
          call.setField(-2, name);
        }
        call.pushBoolean(true);
        return 1;
      }),
      set_body: method('set_body', 2, 2, (call) => {
        call.pushString(call.string(2));
        call.setField(1, 'body');
        call.pushBoolean(true);
        return 1;
      }),
    },
  });
}
