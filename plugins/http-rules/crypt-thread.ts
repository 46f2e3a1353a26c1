import { Worker } from 'node:worker_threads';

const CODE = `
const { parentPort, workerData } = require('node:worker_threads');
const loaded = import(workerData);
parentPort.on('message', async ([id, password, hash]) => {
  let right = false;
  try { right = (await loaded).verify(password, hash); } catch {}
  parentPort.postMessage([id, right]);
});`;

/** Without questions for this long (ms) the thread ends. */
const IDLE = 5000;

/** The thread that checks passwords in JavaScript; started by the first question. */
export class CryptThread {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last = 0;
  readonly #waiting = new Map<number, (right: boolean) => void>();

  /** Whether the password belongs to a hash of SHA-256 or SHA-512. */
  ask(password: string, hash: string): Promise<boolean> {
    const worker = (this.#worker ??= this.#start());
    clearTimeout(this.#idle);
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      // oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
      worker.postMessage([id, password, hash]);
    });
  }

  #start(): Worker {
    const worker = new Worker(CODE, { eval: true, workerData: import.meta.resolve('unixcrypt') });
    worker.unref();
    worker.on('message', ([id, right]: [number, boolean]) => {
      this.#waiting.get(id)?.(right);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.stop(), IDLE).unref();
    });
    // Nobody gets in by a thread that died.
    worker.on('error', () => this.stop());
    return worker;
  }

  stop(): void {
    clearTimeout(this.#idle);
    void this.#worker?.terminate();
    this.#worker = undefined;
    for (const resolve of this.#waiting.values()) resolve(false);
    this.#waiting.clear();
  }
}
