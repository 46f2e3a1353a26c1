import type { ActionKeyword, Ruleset } from 'sluice/plugin';

const TCP: readonly Ruleset[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'tcp-response content',
];

function expecting(protocol: 'proxy' | 'netscaler-cip', summary: string): ActionKeyword {
  const word = `expect-${protocol}`;
  return {
    usage: `${word} layer4`,
    summary,
    in: ['tcp-request connection'],
    parse(words) {
      words.oneOf('layer4', ['layer4']);
      return { run: (transaction) => transaction.expectHeader(protocol) };
    },
  };
}

export const verdictActions: Record<string, ActionKeyword> = {
  accept: {
    usage: 'accept',
    summary: 'Ends the rule set; the connection goes on.',
    in: TCP,
    final: true,
    parse: () => ({ run: () => 'stop' }),
  },
  reject: {
    usage: 'reject',
    summary: 'Closes the connection without an answer.',
    in: [...TCP, 'http-request'],
    final: true,
    parse: () => ({ run: () => 'abort' }),
  },
  'silent-drop': {
    usage: 'silent-drop [ rst-ttl <ttl> ]',
    summary: 'Drops the connection, if possible without the client noticing.',
    in: [...TCP, 'http-request', 'http-response'],
    final: true,
    parse(words) {
      const ttl = words.optional('rst-ttl') ? words.integer('a TTL from 1 to 255', { min: 1, max: 255 }) : undefined;
      return {
        run({ connection }) {
          connection.resetTtl = ttl;
          return 'drop';
        },
      };
    },
  },
  close: {
    usage: 'close',
    summary: "Closes the server's connection.",
    in: ['tcp-response content'],
    final: true,
    parse: () => ({ run: (transaction) => transaction.closeServerConnection() }),
  },
  'expect-proxy': expecting('proxy', 'A PROXY protocol header has to come first.'),
  'expect-netscaler-cip': expecting('netscaler-cip', 'A NetScaler client IP header has to come first.'),
};
