import type { Timer } from 'sluice/plugin';
import type { LuaCall, LuaRef } from '../engine/engine.ts';
import { taskOf } from '../task.ts';
import type { World } from '../world.ts';
import type { StreamSocket } from '../transport/stream-socket.ts';

/** Keeps objects by number without keeping them alive; the second function says which of them are, after a collection. */
const HELPERS = `
local collect, next = collectgarbage, next
local objects = setmetatable({}, { __mode = "v" })
return function(id, object) objects[id] = object end,
function(id) objects[id] = nil end,
function()
  collect()
  local ids = {}
  for id in next, objects do ids[#ids + 1] = tostring(id) end
  return table.concat(ids, " ")
end`;

/** After a look at everything, so many times as long passes until the next one. */
const REST = 20;

/**
 * Closes connections whose objects no script has any more. HAProxy collects garbage when a stream or a task has ended that had opened
 * some; so it is done here, in a moment of leisure. What is still in some table of a script stays open.
 */
export class Abandoned {
  readonly #world: World;
  readonly #open = new Map<number, StreamSocket>();
  readonly #keep: LuaRef;
  readonly #forget: LuaRef;
  readonly #alive: LuaRef;
  #count = 0;
  #timer: Timer | undefined;
  #planned = false;
  #nextAt = 0;

  constructor(world: World) {
    this.#world = world;
    const body = world.state.load(Buffer.from(HELPERS, 'latin1'), '[sockets]');
    const [keep, forget, alive] = world.state.run(body, []) as [LuaRef, LuaRef, LuaRef];
    world.state.release(body);
    [this.#keep, this.#forget, this.#alive] = [keep, forget, alive];
    world.host.onClose(() => this.#timer?.stop());
  }

  /** Watches over the object on the top of the stack. */
  add(call: LuaCall, stream: StreamSocket): void {
    const id = ++this.#count;
    this.#open.set(id, stream);
    call.pushRef(this.#keep);
    call.pushInteger(id);
    call.pushCopy(-3);
    call.invoke(2);
    const task = taskOf(call);
    if (task !== undefined) task.afterwards ??= () => this.#plan();
  }

  #plan(): void {
    if (this.#planned || this.#world.host.phase === 'closed') return;
    for (const [id, stream] of this.#open) if (stream.state === 'ended') this.#drop(id);
    if (this.#open.size === 0) return;
    this.#planned = true;
    this.#timer ??= this.#world.host.timer(() => this.#look());
    this.#timer.start(Math.max(1, this.#nextAt - this.#world.host.now()));
  }

  #drop(id: number): void {
    this.#open.delete(id);
    this.#world.state.run(this.#forget, [id]);
  }

  #look(): void {
    this.#planned = false;
    const { host, state } = this.#world;
    const begun = performance.now();
    const [text] = state.run(this.#alive, []);
    const alive = new Set((typeof text === 'string' ? text : '').split(' ').map(Number));
    for (const [id, stream] of this.#open) {
      if (alive.has(id)) continue;
      this.#open.delete(id);
      stream.close();
    }
    this.#nextAt = host.now() + (performance.now() - begun) * REST;
  }
}
