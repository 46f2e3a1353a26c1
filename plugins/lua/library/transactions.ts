import type { LogLevel, Reply, Transaction } from 'sluice/plugin';
import { HTTP } from '../classes/http.ts';
import { keepPrivate, pushPrivate } from '../classes/private-data.ts';
import { newReply, readReply } from '../classes/reply.ts';
import { TXN, type Txn } from '../classes/txn.ts';
import { getVariable, setVariable, unsetVariable } from '../classes/variables.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { LEVELS } from '../messages.ts';
import { taskOf } from '../task.ts';
import type { World } from '../world.ts';
import { CONVERTERS, FETCHES } from './samples.ts';

const PRIORITY = 32_768;

/** The class TXN; lua-api.rst, "TXN class". */
export function transactions(world: World): void {
  const { host } = world;
  const booleans = host.settings.booleans ?? false;
  const { txnAttributes: attributes } = world;

  const method = (run: (call: LuaCall, transaction: Transaction, txn: Txn) => number): HostFunction => {
    return (call) => {
      const txn = call.object(1, type);
      return run(call, txn.transaction(call), txn);
    };
  };
  const log = (level: LogLevel): HostFunction =>
    method((call, transaction) => {
      host.messages.log(level, call.string(2), transaction);
      return 0;
    });
  const priority = (name: string, set: (transaction: Transaction, value: number) => void): HostFunction =>
    method((call, transaction) => {
      if (call.count !== 2) call.fail(`'${name}' needs 2 arguments`);
      set(transaction, Math.max(-PRIORITY + 1, Math.min(PRIORITY - 1, call.int(2))));
      return 0;
    });
  const mark = (name: string, field: 'mark' | 'typeOfService'): HostFunction =>
    method((call, { connection }) => {
      if (call.count !== 2) call.fail(`'${name}' needs 2 arguments`);
      connection.setPacketMarks({ [field]: call.int(2) >>> 0 });
      return 0;
    });

  const type = world.define(TXN, {
    methods: {
      get_priv: method((call, transaction) => pushPrivate(call, transaction)),
      set_priv: method((call, transaction) => keepPrivate(call, 2, transaction)),
      get_var: method((call, transaction) => getVariable(call, transaction, booleans)),
      set_var: method(setVariable),
      unset_var: method(unsetVariable),
      log: method((call, transaction) => {
        const level = LEVELS[call.int(2)];
        if (level === undefined) return call.failArgument(2, 'Invalid loglevel.');
        host.messages.log(level, call.string(3), transaction);
        return 0;
      }),
      deflog: method((call, transaction) => {
        host.messages.log(transaction.logLevel ?? 'info', call.string(2), transaction);
        return 0;
      }),
      Debug: log('debug'),
      Info: log('info'),
      Warning: log('warning'),
      Alert: log('alert'),
      set_loglevel: method((call, transaction) => {
        if (call.count !== 2) call.fail("'set_loglevel' needs 2 arguments");
        const level = call.int(2);
        if (level !== -1 && LEVELS[level] === undefined)
          call.failArgument(2, 'Bad log level. It must be between 0 and 7');
        transaction.logLevel = LEVELS[level] ?? 'silent';
        return 0;
      }),
      set_fc_mark: mark('set_fc_mark', 'mark'),
      set_fc_tos: mark('set_fc_tos', 'typeOfService'),
      set_mark: mark('set_mark', 'mark'),
      set_tos: mark('set_tos', 'typeOfService'),
      set_priority_class: priority('set_priority_class', (transaction, value) => {
        transaction.priorityClass = value;
      }),
      set_priority_offset: priority('set_priority_offset', (transaction, value) => {
        transaction.priorityOffset = value;
      }),
      reply: method((call) => newReply(call, world)),
      done: method((call, transaction) => {
        const task = taskOf(call);
        if (task === undefined || task.transaction !== transaction) return call.fail('not available here');
        const reply = call.kind(2) === 'table' ? readReply(call, 2) : undefined;
        task.concluded = true;
        task.attachment = new Conclusion(reply);
        return call.fail('txn:done');
      }),
    },
    missing(call) {
      const make = call.kind(2) === 'string' ? attributes.get(call.string(2)) : undefined;
      if (make === undefined) {
        call.pushNil();
        return 1;
      }
      make(call, call.object(1, type));
      // From now on it lies in the object.
      call.pushCopy(-1);
      call.setField(1, call.string(2));
      return 1;
    },
  });

  const fetches = world.class(FETCHES);
  const converters = world.class(CONVERTERS);
  const http = world.class(HTTP);
  attributes.set('f', (call, txn) => call.pushObject(fetches, { txn, text: false }));
  attributes.set('sf', (call, txn) => call.pushObject(fetches, { txn, text: true }));
  attributes.set('c', (call, txn) => call.pushObject(converters, { txn, text: false }));
  attributes.set('sc', (call, txn) => call.pushObject(converters, { txn, text: true }));
  attributes.set('http', (call, txn) => {
    if (txn.transaction(call).request === undefined) call.pushNil();
    else call.pushObject(http, { txn });
  });
}

/** How `txn:done` ended the code: with an answer for the client, or without. */
export class Conclusion {
  readonly reply: Reply | undefined;

  constructor(reply: Reply | undefined) {
    this.reply = reply;
  }
}
