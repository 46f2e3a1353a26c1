import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall, LuaClass, LuaRef, LuaValue } from '../engine/engine.ts';
import { suspend, taskOf, type Task } from '../task.ts';
import type { World } from '../world.ts';
import { self } from './self.ts';

/** A task that is to be woken, as long as it is the same one. */
interface Waiter {
  readonly task: Task;
  readonly life: number;
}

/** What is passed between tasks; lua-api.rst, "Queue class". */
export class Queue {
  readonly items: LuaValue[] = [];
  /** How many of them have been taken; they go in one go. */
  taken = 0;
  /** Tasks in `pop_wait`, in the order in which they came, and tasks that have set an alarm. */
  readonly waiting: Waiter[] = [];
  readonly alarms: Waiter[] = [];

  get size(): number {
    return this.items.length - this.taken;
  }

  push(item: LuaValue): void {
    this.items.push(item);
    for (const waiter of this.alarms.splice(0)) wake(waiter);
    let waiter = this.waiting.shift();
    while (waiter !== undefined && waiter.life !== waiter.task.life) waiter = this.waiting.shift();
    if (waiter !== undefined) wake(waiter);
  }

  shift(): LuaValue {
    const item = this.items[this.taken];
    this.items[this.taken++] = undefined;
    if (this.taken * 2 > this.items.length) {
      this.items.splice(0, this.taken);
      this.taken = 0;
    }
    return item;
  }

  forget(task: Task): void {
    const at = this.waiting.findIndex((waiter) => waiter.task === task);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}

function wake({ task, life }: Waiter): void {
  if (task.life === life) task.wake();
}

export const QUEUE: ClassKey<Queue> = classKey('Queue');

/** `core.queue`. */
export function queues(world: World): void {
  /** Pushes the first item and forgets it. */
  const take = (call: LuaCall, queue: Queue): number => {
    const item = queue.shift();
    call.push(item);
    if (isRef(item)) world.state.release(item);
    return 1;
  };
  /** Who may be woken; where code cannot wait, the call is an error. */
  const waiter = (call: LuaCall, what: string): Task => {
    const task = taskOf(call);
    if (task === undefined || task.role.waiting !== 'allowed')
      return call.fail(`${what}: not available in this context`);
    return task;
  };
  const type: LuaClass<Queue> = world.define(QUEUE, {
    methods: {
      size(call) {
        call.pushInteger(self(call, type).size);
        return 1;
      },
      push(call) {
        const queue = self(call, type);
        const kind = call.kind(2);
        if (kind === 'nil' || kind === 'none') call.failArgument(2, 'unexpected nil or none argument');
        queue.push(call.pull(2));
        call.pushBoolean(true);
        return 1;
      },
      pop(call) {
        const queue = self(call, type);
        if (queue.size > 0) return take(call, queue);
        call.pushNil();
        return 1;
      },
      pop_wait(call) {
        const queue = self(call, type);
        const task = waiter(call, 'pop_wait');
        const finish = (late: LuaCall): number => {
          if (queue.size > 0) return take(late, queue);
          queue.forget(task);
          queue.waiting.push({ task, life: task.life });
          return suspend(late, finish, () => queue.forget(task));
        };
        return finish(call);
      },
      alarm(call) {
        const queue = self(call, type);
        const task = waiter(call, 'alarm');
        const { life } = task;
        if (!queue.alarms.some((alarm) => alarm.task === task && alarm.life === life))
          queue.alarms.push({ task, life });
        return 0;
      },
    },
  });
  world.functions('core', {
    queue(call) {
      call.pushObject(type, new Queue());
      return 1;
    },
  });
}

function isRef(value: LuaValue): value is LuaRef {
  return typeof value === 'object' && 'kind' in value;
}
