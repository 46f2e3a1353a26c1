import type { Transaction, Value } from 'sluice/plugin';
import type { SpopWriter } from 'sluice/agent';
import type { Message } from './settings.ts';

/** Writes the messages whose conditions hold, as a NOTIFY carries them. Says how many there were. SPOE.txt 3.2.6. */
export function writeMessages(writer: SpopWriter, messages: readonly Message[], transaction: Transaction): number {
  let count = 0;
  for (const message of messages) {
    const condition = message.event?.condition;
    if (condition !== undefined && !condition.evaluate(transaction)) continue;
    count++;
    writer.raw(message.head);
    writeArguments(writer, message, transaction);
  }
  return count;
}

/** The arguments alone. */
export function writeArguments(writer: SpopWriter, { args }: Message, transaction: Transaction): void {
  for (const { name, evaluate } of args) {
    writer.raw(name);
    writeValue(writer, evaluate(transaction));
  }
}

/** Samples have these types on the wire: sint INT64, bool BOOL, str and meth STR, bin BIN, addresses IPV4 or IPV6, none NULL. */
function writeValue(writer: SpopWriter, value: Value | undefined): void {
  switch (typeof value) {
    case 'string':
      writer.str(value);
      break;
    case 'number':
    case 'bigint':
      writer.int64(value);
      break;
    case 'boolean':
      writer.bool(value);
      break;
    case 'undefined':
      writer.null();
      break;
    default:
      if (value instanceof Uint8Array) writer.bin(value);
      else writer.ip(value.bytes);
  }
}
