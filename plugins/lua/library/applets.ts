import type { Transaction } from 'sluice/plugin';
import { APPLET_HTTP, APPLET_TCP, type Applet } from '../classes/applet.ts';
import { keepPrivate, pushPrivate } from '../classes/private-data.ts';
import { checkField } from '../classes/reply.ts';
import { getVariable, setVariable, unsetVariable } from '../classes/variables.ts';
import type { HostFunction, LuaCall, LuaClass } from '../engine/engine.ts';
import { suspend, taskOf } from '../task.ts';
import type { World } from '../world.ts';
import { pushFields } from './http.ts';
import { CONVERTERS, FETCHES } from './samples.ts';

const EVERYTHING = Number.MAX_SAFE_INTEGER;

type Attribute = (call: LuaCall, applet: Applet) => void;

/** The classes AppletHTTP and AppletTCP; lua-api.rst. */
export function applets(world: World): void {
  define(world, APPLET_HTTP, httpMethods, httpAttributes);
  define(world, APPLET_TCP, tcpMethods, {});
}

type Methods = (at: (call: LuaCall) => Applet) => Record<string, HostFunction>;

function define(
  world: World,
  key: typeof APPLET_HTTP,
  own: Methods,
  attributes: Readonly<Record<string, Attribute>>,
): void {
  const booleans = world.host.settings.booleans ?? false;
  const at = (call: LuaCall): Applet => call.object(1, type);
  const transaction = (call: LuaCall): Transaction => at(call).txn(call).transaction(call);
  const fetches = world.class(FETCHES);
  const converters = world.class(CONVERTERS);
  const made: Record<string, Attribute> = {
    f: (call, applet) => call.pushObject(fetches, { txn: applet.txn(call), text: false }),
    sf: (call, applet) => call.pushObject(fetches, { txn: applet.txn(call), text: true }),
    c: (call, applet) => call.pushObject(converters, { txn: applet.txn(call), text: false }),
    sc: (call, applet) => call.pushObject(converters, { txn: applet.txn(call), text: true }),
    ...attributes,
  };
  const type: LuaClass<Applet> = world.define(key, {
    methods: {
      get_priv: (call) => pushPrivate(call, transaction(call)),
      set_priv: (call) => keepPrivate(call, 2, transaction(call)),
      get_var: (call) => getVariable(call, transaction(call), booleans),
      set_var: (call) => setVariable(call, transaction(call)),
      unset_var: (call) => unsetVariable(call, transaction(call)),
      ...own(at),
    },
    missing(call) {
      const name = call.kind(2) === 'string' ? call.string(2) : '';
      const make = Object.hasOwn(made, name) ? made[name] : undefined;
      if (make === undefined) {
        call.pushNil();
        return 1;
      }
      make(call, at(call));
      call.pushCopy(-1);
      call.setField(1, name);
      return 1;
    },
  });
}

const httpAttributes: Readonly<Record<string, Attribute>> = {
  method: (call, applet) => call.pushString(applet.txn(call).transaction(call).request!.method),
  version: (call, applet) => call.pushString(`HTTP/${applet.txn(call).transaction(call).request!.version}`),
  path: (call, applet) => call.pushString(target(applet.txn(call).transaction(call))[0]),
  qs: (call, applet) => {
    const [, query] = target(applet.txn(call).transaction(call));
    call.pushString(query ?? '');
  },
  length: (call, applet) => call.pushInteger(applet.txn(call).transaction(call).request!.body.length ?? 0),
  headers: (call, applet) => void pushFields(call, applet.txn(call).transaction(call).request!.headers),
};

/** The path, and what stands behind the question mark. */
function target({ request }: Transaction): [path: string, query: string | undefined] {
  const [, path = '', query] = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*)?([^?]*)(?:\?(.*))?$/s.exec(request!.uri) ?? [];
  return [path, query];
}

const httpMethods: Methods = (at) => ({
  set_status(call) {
    if (call.count < 2 || call.count > 3) call.fail("'set_status' needs between 2 and 3 arguments");
    const applet = at(call);
    const status = call.int(2);
    if (status < 100 || status > 599) {
      call.pushBoolean(false);
      return 1;
    }
    applet.status = status;
    applet.reason = call.optionalString(3, undefined);
    call.pushBoolean(true);
    return 1;
  },
  add_header(call) {
    if (call.count !== 3) call.fail("'add_header' needs 3 arguments");
    const [name, value] = [call.string(2).toLowerCase(), call.string(3)];
    checkField(call, name, value);
    at(call).headers.push([name, value]);
    return 0;
  },
  start_response(call) {
    const applet = at(call);
    if (applet.started) return call.fail('start_response() called twice');
    applet.started = true;
    begin(call, applet);
    return 0;
  },
  send(call) {
    if (call.count !== 2) call.fail("'send' needs 2 arguments");
    const applet = at(call);
    const text = call.string(2);
    if (!applet.started) call.fail("Lua: 'send' you must call start_response() before sending data.");
    return send(call, applet, text);
  },
  getline: (call) => getLine(call, at(call)),
  receive(call) {
    if (call.count > 2) call.fail("'receive' needs between 1 and 2 arguments");
    const wanted = call.optionalInt(2, -1);
    const size = wanted < 0 ? EVERYTHING : wanted;
    return receive(call, at(call), size, size);
  },
});

/** The head of the answer; what the script says of framing is understood. */
function begin(call: LuaCall, applet: Applet): void {
  const headers: [string, string][] = [];
  let length: number | undefined;
  for (const [name, value] of applet.headers) {
    if (name === 'content-length') {
      if (!/^\d{1,15}$/.test(value)) call.fail(`invalid content-length '${value}'`);
      length = Number(value);
    } else if (name !== 'transfer-encoding') headers.push([name, value]);
  }
  applet.conversation.begin({
    status: applet.status,
    headers,
    ...(applet.reason === undefined ? {} : { reason: applet.reason }),
    ...(length === undefined ? {} : { length }),
  });
}

const tcpMethods: Methods = (at) => ({
  getline: (call) => getLine(call, at(call)),
  receive(call) {
    if (call.count > 3) call.fail("'receive' needs between 1 and 3 arguments");
    const applet = at(call);
    const wanted = call.optionalInt(2, -1);
    const timeout = call.optionalInt(3, -1);
    if (timeout >= 0 && call.kind(3) !== 'nil') taskOf(call)?.wakeIn(timeout);
    // Without a size: what there is, as soon as there is something.
    return receive(call, applet, wanted < 0 ? 1 : wanted, wanted < 0 ? EVERYTHING : wanted, timeout >= 0);
  },
  try_receive(call) {
    const { conversation, unread } = at(call);
    unread.fill(conversation);
    if (unread.size === 0 && conversation.readEnded) call.pushNil();
    else call.pushBytes(unread.take(EVERYTHING));
    return 1;
  },
  send(call) {
    if (call.count !== 2) call.fail("'send' needs 2 arguments");
    return send(call, at(call), call.string(2));
  },
});

/** Waits for the client's side to change; `again` then has another look. */
function change(call: LuaCall, applet: Applet, again: HostFunction): number {
  applet.waiter = taskOf(call);
  return suspend(call, (woken) => {
    applet.waiter = undefined;
    return again(woken);
  });
}

/** Sends; waits until the client takes more. Gives the number of bytes. */
function send(call: LuaCall, applet: Applet, text: string): number {
  const { conversation } = applet;
  conversation.write(text);
  const finish = (at: LuaCall): number => {
    if (!conversation.writable) return change(at, applet, finish);
    at.pushInteger(text.length);
    return 1;
  };
  return finish(call);
}

/** A line with its end, or what is left when the client has ended; an empty string behind that. */
function getLine(call: LuaCall, applet: Applet): number {
  const { conversation } = applet;
  const { unread: parts } = applet;
  const finish = (at: LuaCall): number => {
    parts.fill(conversation);
    const line = parts.line();
    if (line === undefined && !conversation.readEnded) return change(at, applet, finish);
    at.pushBytes(line ?? parts.take(EVERYTHING));
    return 1;
  };
  return finish(call);
}

/** `least` bytes, fewer when there are no more, and at most `most`. */
function receive(call: LuaCall, applet: Applet, least: number, most: number, timed = false): number {
  const { conversation } = applet;
  const { unread: parts } = applet;
  const wanted = Math.min(least, most);
  const finish = (at: LuaCall): number => {
    parts.fill(conversation);
    const expired = timed && taskOf(at)?.timedOut === true;
    if (parts.size < wanted && !conversation.readEnded && !expired) return change(at, applet, finish);
    if (timed) taskOf(at)?.stopTimer();
    at.pushBytes(parts.take(most));
    return 1;
  };
  return finish(call);
}
