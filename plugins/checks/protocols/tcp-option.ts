import type { CheckKeyword } from 'sluice/plugin';
import { play } from './dialogue.ts';
import { CHECK_RULES } from './rules.ts';

export const tcpCheckOption: CheckKeyword = {
  usage: 'option tcp-check',
  summary: 'Checks servers as the tcp-check lines say, or only connects.',
  parse(words, scope) {
    words.end();
    const { proxy, global } = scope;
    const rules = proxy.extension(CHECK_RULES);
    // Rules of a `defaults` section that did not have this option are not taken over.
    if (rules.tcp.inherited && proxy.settings.checkOption !== 'tcp-check') rules.tcp = { steps: [], inherited: false };
    const { settings } = global;
    return (server, attempt) => {
      const { steps } = (server.backend.extension(CHECK_RULES) ?? rules).tcp;
      return play({ steps, traced: true, settings }, server, attempt);
    };
  },
};
