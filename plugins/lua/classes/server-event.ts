import type { LuaCall, LuaValue } from '../engine/engine.ts';
import { adminWords, type CheckFinding, type ServerEvent } from '../server-events.ts';
import type { World } from '../world.ts';
import { pushServer } from './server.ts';

/** Pushes what an event's function gets to know; lua-api.rst, "ServerEvent class" and those behind it. */
export function pushServerEvent(call: LuaCall, world: World, event: ServerEvent): void {
  const { server, state, admin, check } = event;
  call.newTable();
  set(call, 'name', server.name);
  set(call, 'puid', server.id);
  set(call, 'rid', event.revision);
  set(call, 'proxy_name', server.backend.name);
  set(call, 'proxy_uuid', server.backend.id);
  // Nothing, if it is gone by now.
  pushServer(world, call, server);
  call.setField(-2, 'reference');
  if (state !== undefined && event.name === 'SERVER_STATE') {
    call.newTable();
    set(call, 'admin', state.byAdmin);
    set(call, 'cause', state.cause);
    set(call, 'new_state', state.after.toUpperCase());
    set(call, 'old_state', state.before.toUpperCase());
    set(call, 'requeued', state.requeued);
    if (state.check !== undefined) {
      pushCheck(call, state.check);
      call.setField(-2, 'check');
    }
    call.setField(-2, 'state');
  }
  if (admin !== undefined) {
    call.newTable();
    set(call, 'cause', admin.cause);
    set(call, 'requeued', admin.requeued);
    pushWords(call, admin.after);
    call.setField(-2, 'new_admin');
    pushWords(call, admin.before);
    call.setField(-2, 'old_admin');
    call.setField(-2, 'admin');
  }
  if (check !== undefined) {
    pushCheck(call, check);
    call.setField(-2, 'check');
  }
}

function set(call: LuaCall, name: string, value: LuaValue): void {
  call.push(value);
  call.setField(-2, name);
}

function pushWords(call: LuaCall, admin: number): void {
  call.newTable();
  adminWords(admin).forEach((word, index) => {
    call.pushString(word);
    call.setIndex(-2, index + 1);
  });
}

function pushCheck(call: LuaCall, check: CheckFinding): void {
  call.newTable();
  set(call, 'result', check.result);
  set(call, 'agent', check.agent);
  set(call, 'duration', check.duration);
  call.newTable();
  set(call, 'short', check.short);
  set(call, 'desc', check.words);
  if (check.code !== undefined) set(call, 'code', check.code);
  call.setField(-2, 'reason');
  call.newTable();
  set(call, 'cur', check.health);
  set(call, 'rise', check.rise);
  set(call, 'fall', check.fall);
  call.setField(-2, 'health');
}
