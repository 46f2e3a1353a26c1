import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { suspend, type Task, taskOf } from '../task.ts';
import type { World } from '../world.ts';

/** `core.sleep`, `msleep`, `yield`, `wait`, `done`, `set_nice`, `thread`, and `act.wake_time`. */
export function scheduling(world: World): void {
  const sleeping: HostFunction = (call) => {
    const task = taskOf(call);
    return task === undefined || task.timedOut ? 0 : suspend(call, sleeping);
  };
  const sleep = (call: LuaCall, milliseconds: number): number => {
    const task = taskOf(call);
    if (task === undefined || task.role.waiting === 'ignored') return 0;
    task.wakeIn(milliseconds);
    return suspend(call, sleeping, () => task.stopTimer());
  };
  const waited: HostFunction = () => 0;

  world.functions('core', {
    sleep(call) {
      if (call.count !== 1) call.fail("'sleep' needs 1 arguments");
      return sleep(call, call.number(1) * 1000);
    },
    msleep(call) {
      if (call.count !== 1) call.fail("'msleep' needs 1 arguments");
      return sleep(call, call.number(1));
    },
    yield(call) {
      const task = taskOf(call);
      if (task !== undefined && task.role.waiting === 'allowed') task.wakeSoon();
      return suspend(call, waited);
    },
    wait(call) {
      const task = taskOf(call);
      if (task === undefined || task.role.waiting === 'ignored') return 0;
      if (call.count > 0 && call.kind(1) !== 'nil') task.wakeIn(call.number(1));
      return suspend(call, waited, () => task.stopTimer());
    },
    done(call) {
      const task = taskOf(call);
      if (task === undefined) return 0;
      task.concluded = true;
      return call.fail('core.done');
    },
    set_nice(call) {
      // There is one thread with one queue: the value is checked, and changes nothing.
      if (call.count !== 1) call.fail("'set_nice' needs 1 arguments");
      call.int(1);
      return 0;
    },
  });
  // State 0 is no thread's own; tasks of it run on the one there is.
  world.field('core', 'thread', (call) => call.pushInteger(world.id));

  const CODES = { CONTINUE: 0, STOP: 1, YIELD: 2, ERROR: 3, DONE: 4, DENY: 5, ABORT: 6, INVALID: 7 };
  for (const [name, code] of Object.entries(CODES)) world.field('act', name, (call) => call.pushInteger(code));
  world.functions('act', {
    wake_time(call) {
      if (call.count !== 1) call.fail("'wake_time' needs 1 arguments");
      const task: Task | undefined = taskOf(call);
      if (task !== undefined) task.wakeTime = Math.max(0, call.number(1));
      return 0;
    },
  });
}
