import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall, LuaRef } from '../engine/engine.ts';
import { functionAt, strings } from '../library/registration.ts';
import { makeRole, type Role } from '../role.ts';
import { SERVER_EVENTS, type ServerEvent } from '../server-events.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';
import { self } from './self.ts';
import { pushServerEvent } from './server-event.ts';

/** Events by family: what `core.event_sub` and its like may name. */
const FAMILIES: Readonly<Record<'SERVER' | 'PAT_REF', readonly string[]>> = {
  SERVER: SERVER_EVENTS,
  PAT_REF: ['PAT_REF_ADD', 'PAT_REF_DEL', 'PAT_REF_SET', 'PAT_REF_CLEAR', 'PAT_REF_COMMIT'],
};
export type Family = keyof typeof FAMILIES;

/** So many events may wait; beyond, a subscription pauses until its function has caught up. lua-api.rst, `core.event_sub`. */
const MOST_WAITING = 100;

interface Waiting {
  readonly name: string;
  /** Seconds since 1970. */
  readonly when: number;
  readonly data: ServerEvent | undefined;
}

/** A function of a script that is called for events, for one after the other. */
export class EventSubscription {
  readonly #world: World;
  readonly #types: ReadonlySet<string>;
  readonly #run: LuaRef;
  readonly #role: Role;
  #queue: Waiting[] = [];
  #task: Task | undefined;
  #paused = false;
  #ended = false;
  detach: () => void = () => undefined;

  constructor(world: World, types: ReadonlySet<string>, run: LuaRef) {
    this.#world = world;
    this.#types = types;
    this.#run = run;
    this.#role = makeRole('event', '', world.host.settings);
  }

  /** Something happened; when it is one of the wanted kinds, the function will hear of it. */
  tell(name: string, data: ServerEvent | undefined): void {
    if (this.#ended || this.#paused || !this.#types.has(name)) return;
    if (this.#queue.length >= MOST_WAITING) {
      this.#paused = true;
      this.#world.host.context?.say(
        'alert',
        `Lua event_hdl: too many events are waiting, the subscription pauses until its function has caught up.`,
      );
      return;
    }
    this.#queue.push({ name, data, when: Math.floor(this.#world.host.context!.clock.wall() / 1000) });
    if (this.#task === undefined) this.#next();
  }

  #next(): void {
    const event = this.#queue.shift();
    if (event === undefined) {
      this.#paused = false;
      return;
    }
    const world = this.#world;
    const task = world.take();
    this.#task = task;
    const stack = task.start(this.#run, this.#role);
    stack.pushString(event.name);
    if (event.data === undefined) stack.pushNil();
    else pushServerEvent(stack, world, event.data);
    stack.pushObject(world.class(EVENT_SUB), this);
    stack.pushInteger(event.when);
    task.settled = (over) => {
      over.release();
      this.#task = undefined;
      if (!this.#ended) this.#next();
    };
    // In a turn of its own: what happened may be the doing of a script that is still running.
    task.queue();
    world.host.later(task);
  }

  /** No more calls; one that is under way goes on. */
  unsubscribe(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue = [];
    this.detach();
    subscriptionsOf(this.#world).delete(this);
    this.#world.state.release(this.#run);
  }

  /** Its configuration is over. */
  close(): void {
    this.unsubscribe();
    this.#task?.end();
  }
}

export const EVENT_SUB: ClassKey<EventSubscription> = classKey('EventSub');

const open = new WeakMap<World, Set<EventSubscription>>();

function subscriptionsOf(world: World): Set<EventSubscription> {
  let set = open.get(world);
  if (set === undefined) {
    const made = new Set<EventSubscription>();
    open.set(world, (set = made));
    world.host.onClose(() => {
      for (const subscription of made) subscription.close();
    });
  }
  return set;
}

/**
 * Subscribes the function at `index + 1` to the events of the table at `index`, and pushes the subscription. `attach` begins to tell it,
 * and gives what ends that; it is called when there are servers.
 */
export function subscribe(
  call: LuaCall,
  world: World,
  family: Family,
  index: number,
  attach: (told: (event: ServerEvent) => void, subscription: EventSubscription) => () => void,
): number {
  const types = readTypes(call, index, family);
  const subscription = new EventSubscription(world, types, functionAt(call, index + 1));
  subscriptionsOf(world).add(subscription);
  const begin = (): void => {
    subscription.detach = attach((event) => subscription.tell(event.name, event), subscription);
  };
  if (world.host.context === undefined) world.host.onReady(begin);
  else begin();
  call.pushObject(world.class(EVENT_SUB), subscription);
  return 1;
}

function readTypes(call: LuaCall, index: number, family: Family): Set<string> {
  if (call.kind(index) !== 'table') call.failArgument(index, `table expected, got ${call.kind(index)}`);
  const known: readonly string[] = FAMILIES[family];
  const types = new Set<string>();
  for (const name of strings(call, index, 'event types must be a table of strings')) {
    if (name === family) for (const one of known) types.add(one);
    else if (known.includes(name)) types.add(name);
    else if (/^ACME(?:_|$)/.test(name)) call.fail(`event type '${name}': there is no ACME in this program yet`);
    else call.fail(`'${name}' event type is unknown; expected is '${family}' or one of ${known.join(', ')}`);
  }
  if (types.size === 0) call.failArgument(index, 'event types expected');
  return types;
}

/** `core.event_sub` and the class of what it gives. */
export function eventSubs(world: World): void {
  const type = world.define(EVENT_SUB, {
    methods: {
      unsub(call) {
        self(call, type).unsubscribe();
        return 0;
      },
    },
  });
  world.functions('core', {
    event_sub: (call) => subscribe(call, world, 'SERVER', 1, (told) => world.host.serverEvents.watch(told)),
  });
}
