/** What has bytes to send. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/** Has `flush` called once when this turn of the event loop has read all that there is: what many requests wrote leaves in one piece. */
export function flushLater(one: Flushable): void {
  if (waiting.push(one) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const all = waiting;
  waiting = [];
  for (const one of all) one.flush();
}
