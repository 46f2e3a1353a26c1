import { duels, spoeCase, type SpoeSide } from './duel.ts';
import { HOSTILE } from './hostile.ts';

/** What a request gets, the value of `set-on-error`, of the variable the agent set, and what the client told the agent. */
async function outcome(side: SpoeSide): Promise<string> {
  const answer = await side.get();
  const told = side.agent.disconnects[0]?.status;
  return `${answer.replace(/\|$/, '')}${told === undefined ? '' : ` told ${told}`}`;
}

duels(
  'SPOE client: agents that misbehave',
  Object.entries(HOSTILE).map(([title, script]) =>
    spoeCase({
      title,
      proxy: '  http-request return status 200 hdr x-e "err=%[var(txn.e.err)] v=%[var(txn.e.v)]"',
      agent: '    messages m\n    option set-on-error err',
      processing: '300ms',
      file: 'spoe-message m\n    event on-frontend-http-request',
      script,
      scenario: outcome,
      check: (seen, expect) => expect(seen).toMatchSnapshot(),
      apart: (seen, expect) => expect(seen).toMatchSnapshot(),
    }),
  ),
);
