import type { Timer, Transaction } from 'sluice/plugin';
import type { HostFunction, LuaCall, LuaError, LuaRef, LuaThread } from './engine/engine.ts';
import type { Role } from './role.ts';
import type { World } from './world.ts';

/**
 * Lua code being run, or waiting: a coroutine and who asked for it. Tasks are taken from their {@link World}'s pool and given back
 * by {@link Task.release}; whoever may hold one beyond that compares {@link Task.life}.
 *
 * A host function that cannot answer yet begins what it has to wait for, with {@link Task.wake} as what happens in the end, and
 * returns {@link suspend}.
 */
export class Task {
  readonly world: World;
  readonly thread: LuaThread;
  role!: Role;
  /** Undefined in tasks, events, and commands. */
  transaction: Transaction | undefined;
  /** Grows when the task has ended. */
  life = 0;
  /** It failed, or was ended; what there was to say has been said. */
  failed = false;
  /** `core.done` or `txn:done` ended it, not an error. */
  concluded = false;
  /** What ties the code to who asked: an applet, a reply to be sent. */
  attachment: object | undefined;
  /** The time of {@link wakeIn} is over. */
  timedOut = false;
  /** Milliseconds that `act.wake_time` named. */
  wakeTime: number | undefined;
  /** Runs when it is released: for what its code may have left behind. */
  afterwards: (() => void) | undefined;
  /** Called when it ends, if that was not in {@link run}. */
  settled: ((task: Task) => void) | undefined;
  #state: 'idle' | 'running' | 'waiting' | 'queued' = 'idle';
  #woken = false;
  #cancel: (() => void) | undefined;
  #timer: Timer | undefined;
  #watched = false;
  /** It has not waited so far; it ended without having waited. */
  #straight = true;
  #clean = false;

  constructor(world: World) {
    this.world = world;
    this.thread = world.state.newThread();
    this.thread.owner = this;
    this.thread.yieldable = true;
    this.thread.burstLimit = world.host.settings.burstTimeout;
  }

  /** Arguments go here before {@link run}; results lie here after it. */
  get stack(): LuaCall {
    return this.thread.stack;
  }

  /** Puts the function on the stack. */
  start(run: LuaRef, role: Role, transaction?: Transaction): LuaCall {
    this.role = role;
    this.transaction = transaction;
    this.failed = false;
    this.concluded = false;
    this.wakeTime = undefined;
    this.#straight = true;
    this.#clean = false;
    this.thread.totalLimit = role.limit;
    this.thread.begin(run);
    return this.thread.stack;
  }

  /** Runs until the end, which is said to be `true`, or until it waits: then {@link settled} is called at the end. */
  run(): boolean {
    const { world } = this;
    const outer = world.host.current;
    world.host.current = this;
    this.#state = 'running';
    try {
      for (;;) {
        switch (this.thread.resume()) {
          case 'finished':
            this.#clean = this.#straight;
            return true;
          case 'failed':
            this.#fail(this.thread.error);
            return true;
          case 'forced':
            if (this.role.waiting !== 'allowed') continue;
            world.host.later(this);
            this.#state = 'queued';
            return false;
          case 'yielded':
            // The script gave way outside of any coroutine of its own: nothing will ever wake it.
            if (this.role.waiting !== 'allowed') return this.#refuse();
            this.#state = 'waiting';
            this.#watch();
            return false;
          default:
            if (this.role.waiting !== 'allowed') return this.#refuse();
            if (this.#woken) {
              this.#woken = false;
              continue;
            }
            this.#state = 'waiting';
            this.#watch();
            return false;
        }
      }
    } finally {
      world.host.current = outer;
      if (this.#state === 'running') this.#state = 'idle';
    }
  }

  /** The end as a promise, for who has been told `false`. Not settled if the transaction is over before. */
  later<T>(answer: (task: Task) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.settled = (task) => {
        try {
          resolve(answer(task));
        } catch (error) {
          reject(error);
        }
      };
    });
  }

  /**
   * Suspends the code until {@link wake}; `finish` then looks whether what it waits for is there, and pushes the results of the host
   * function, or waits again. `cancel` ends what is waited for, if nobody is left to wait.
   */
  wait(call: LuaCall, finish: HostFunction, cancel?: () => void): number {
    // In a coroutine that the script made, this gives way to whoever resumed it, as any yield does.
    if (call !== this.thread.stack) cancel?.();
    else this.#cancel = cancel;
    return call.wait(finish);
  }

  /** What was waited for is there. May be called before the wait has begun, and more than once. */
  wake(): void {
    switch (this.#state) {
      case 'running':
        this.#woken = true;
        break;
      case 'waiting':
        this.#timer?.stop();
        this.#cancel = undefined;
        if (this.world.host.current === undefined) this.resume();
        else {
          this.#state = 'queued';
          this.world.host.later(this);
        }
        break;
      default:
    }
  }

  /** Wakes it in so many milliseconds, if nothing did before. */
  wakeIn(milliseconds: number): void {
    this.timedOut = false;
    this.#timer ??= this.world.host.timer(() => {
      this.timedOut = true;
      this.wake();
    });
    this.#timer.start(milliseconds);
  }

  /** It has been put among those whose turn comes. */
  queue(): void {
    this.#state = 'queued';
  }

  /** Wakes it in another turn of the event loop. */
  wakeSoon(): void {
    setImmediate(wakeAt, this, this.life);
  }

  stopTimer(): void {
    this.#timer?.stop();
  }

  /** Goes on where it stands; its turn has come. */
  resume(): void {
    this.#state = 'idle';
    this.#straight = false;
    if (this.run()) this.#settle();
  }

  /** Ends it, whatever it does: nobody wants the results any more. */
  end(): void {
    if (this.#state === 'running' || this.#state === 'idle') return;
    this.#cancel?.();
    this.failed = true;
    this.settled = undefined;
    this.release();
  }

  /** Back to the pool; the results are gone. */
  release(): void {
    this.life++;
    this.#state = 'idle';
    this.#timer?.stop();
    this.#cancel = undefined;
    this.#woken = false;
    this.#watched = false;
    this.settled = undefined;
    this.transaction = undefined;
    this.attachment = undefined;
    // What ended in one go leaves a thread that can go on as it is; the rest is not to keep anything alive while it idles.
    if (this.#clean) this.thread.stack.count = 0;
    else this.thread.reset();
    this.world.give(this);
    const { afterwards } = this;
    if (afterwards === undefined) return;
    this.afterwards = undefined;
    afterwards();
  }

  /** Whether it stands in the queue of those whose turn comes. */
  get isQueued(): boolean {
    return this.#state === 'queued';
  }

  #settle(): void {
    const { settled } = this;
    this.settled = undefined;
    if (settled === undefined) this.release();
    else settled(this);
  }

  #fail(error: LuaError | undefined): void {
    this.failed = !this.concluded;
    if (!this.concluded && error !== undefined) this.world.host.reporter.failed(this, error);
  }

  #refuse(): true {
    this.#cancel?.();
    this.failed = true;
    this.world.host.reporter.say(this, `${this.role.title}: yield not allowed.`);
    return true;
  }

  /** The code goes with its transaction. */
  #watch(): void {
    if (this.#watched || this.transaction === undefined) return;
    this.#watched = true;
    const { life } = this;
    this.transaction.onEnd(() => {
      if (this.life === life) this.end();
    });
  }
}

function wakeAt(task: Task, life: number): void {
  if (task.life === life) task.wake();
}

/** The task whose code calls; undefined in the body of a script, and in a coroutine that the script made. */
export function taskOf(call: LuaCall): Task | undefined {
  return call.thread?.owner as Task | undefined;
}

/**
 * Returned by a host function that waits: see {@link Task.wait}. Where waiting means nothing (in the body of a script and in
 * `core.register_init`) `finish` has its turn at once.
 */
export function suspend(call: LuaCall, finish: HostFunction, cancel?: () => void): number {
  const task = taskOf(call);
  if (task === undefined || task.role.waiting === 'ignored') return finish(call);
  return task.wait(call, finish, cancel);
}
