import type { ActionKeyword, Eventually, Transaction, Verdict } from 'sluice/plugin';
import { needReadable } from './filter.ts';
import { ENGINES } from './settings.ts';

/** `send-spoe-group`; configuration.txt 4.4. */
export const sendSpoeGroup: ActionKeyword = {
  usage: 'send-spoe-group <engine-name> <group-name>',
  summary: 'Sends the messages of a group to the agent of that engine, and waits for its answer.',
  in: ['tcp-request content', 'tcp-response content', 'http-request', 'http-response'],
  parse(words, scope) {
    if (words.remaining < 2) words.fail('expects 2 arguments: <engine-id> <group-id>.');
    const name = words.next('an engine');
    const group = words.next('a group');
    const { proxy, places } = scope;
    let run: (transaction: Transaction) => Eventually<Verdict> = () => undefined;
    scope.later(() => {
      const engine = proxy.findExtension(ENGINES)?.get(name);
      if (engine === undefined)
        return words.fail(
          `Proxy '${proxy.name}': unable to find SPOE engine '${name}' used by the send-spoe-group '${group}'.`,
        );
      const messages = engine.groups.get(group);
      if (messages === undefined)
        return words.fail(
          `Proxy '${proxy.name}': unable to find SPOE group '${group}' into SPOE engine '${name}' configuration.`,
        );
      for (const message of messages) {
        const { name: called, file, line } = message;
        const used = `Proxy '${proxy.name}': Invalid SPOE message '${called}' used by SPOE group '${group}' at ${file}:${line}: `;
        needReadable(message, places, used, '.', words);
      }
      const title = `GROUP:${group}`;
      run = (transaction) => engine.process(transaction, title, messages);
    });
    return { run: (transaction) => run(transaction) };
  },
};
