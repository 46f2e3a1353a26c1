import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import { checkAddresses } from './addresses.ts';

export const bind: DirectiveKeyword = {
  usage: 'bind { [<address>]:<port>[-<end>] | <path> | fd@<n> } [, …] [ <word> … ]',
  summary: 'Addresses to listen on.',
  in: ['frontend'],
  parse(words: Words, scope: Scope) {
    const list = words.next('an address and a port, or a path');
    const line = scope.newBind(checkAddresses(list, words), words);
    scope.bindWords(line, words);
    scope.proxy.binds.push(line);
  },
};
