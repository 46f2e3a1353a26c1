import type { ActionKeyword, PacketMarks, Ruleset, Scope, Transaction, Words } from 'sluice/plugin';
import { toInteger } from '../http-rules/values.ts';

const CLIENT: readonly Ruleset[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'tcp-response content',
  'http-request',
  'http-response',
];
const SERVER: readonly Ruleset[] = ['tcp-request content', 'http-request'];

type Mark = keyof PacketMarks;
const LARGEST: Record<Mark, number> = { mark: 0xffffffff, typeOfService: 0xff };

/** A number, decimal or hexadecimal, or an expression that gives one; a type of service keeps its lowest eight bits. */
function readMark(words: Words, scope: Scope, which: Mark): (transaction: Transaction) => number | undefined {
  const text = words.peek();
  if (text === undefined)
    return words.fail('expects exactly 1 argument (an integer, a hexadecimal number or an expression).');
  if (!/^[\d-]/.test(text)) {
    const expression = scope.expression(words);
    return (transaction) => {
      const value = toInteger(expression.evaluate(transaction));
      if (value === undefined) return undefined;
      return which === 'mark' ? value >>> 0 : value & 0xff;
    };
  }
  words.next('a number');
  const value = /^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value <= LARGEST[which]))
    words.fail(`'${text}' is no number from 0 to ${LARGEST[which]}, decimal or hexadecimal (0x…), nor an expression`);
  return () => value;
}

function marking(word: string, which: Mark, summary: string, toServer: boolean, instead?: string): ActionKeyword {
  return {
    usage: `${word} { <number> | <expression> }`,
    summary,
    in: toServer ? SERVER : CLIENT,
    parse(words, scope) {
      if (instead !== undefined) words.diag(`'${word}' is deprecated, please use '${instead}' instead`);
      const read = readMark(words, scope, which);
      return {
        run(transaction) {
          const value = read(transaction);
          if (value === undefined) return;
          if (toServer) transaction.serverMarks = { ...transaction.serverMarks, [which]: value };
          else transaction.connection.setPacketMarks({ [which]: value });
        },
      };
    },
  };
}

const MARK = 'Sets the netfilter mark of the packets sent to the ';
const SERVICE = 'Sets the type of service (DSCP) of the packets sent to the ';

/** configuration.txt 4.4. The system lets only a privileged process set marks; where it does not, that is told once. */
export const packetActions: Record<string, ActionKeyword> = {
  'set-fc-mark': marking('set-fc-mark', 'mark', `${MARK}client.`, false),
  'set-mark': marking('set-mark', 'mark', `${MARK}client; now called set-fc-mark.`, false, 'set-fc-mark'),
  'set-bc-mark': marking('set-bc-mark', 'mark', `${MARK}server.`, true),
  'set-fc-tos': marking('set-fc-tos', 'typeOfService', `${SERVICE}client.`, false),
  'set-tos': marking('set-tos', 'typeOfService', `${SERVICE}client; now called set-fc-tos.`, false, 'set-fc-tos'),
  'set-bc-tos': marking('set-bc-tos', 'typeOfService', `${SERVICE}server.`, true),
};
