import type { DirectiveKeyword } from 'sluice/plugin';
import { groupId, userId } from './accounts.ts';

const PARTS = ['prefix', 'mode', 'uid', 'gid', 'user', 'group'] as const;
const ID = { min: 0, max: 4294967294 };

export const unixBind: DirectiveKeyword = {
  usage: 'unix-bind [ prefix <path> ] [ mode <octal> ] [ user <name> | uid <number> ] [ group <name> | gid <number> ]',
  summary: 'What the unix sockets of bind lines have in common.',
  in: ['global'],
  parse(words, scope) {
    const common = scope.global.settings.unixBind;
    while (words.remaining > 0) {
      const part = words.oneOf('prefix, mode, uid, gid, user or group', PARTS);
      if (part === 'uid') common.uid = words.integer('a user number', ID);
      else if (part === 'gid') common.gid = words.integer('a group number', ID);
      else {
        const value = words.next('a value');
        if (part === 'prefix') common.prefix = value;
        else if (part === 'user') common.uid = userId(value) ?? words.fail(`'unix-bind' : '${value}' unknown user.`);
        else if (part === 'group') common.gid = groupId(value) ?? words.fail(`'unix-bind' : '${value}' unknown group.`);
        else {
          if (!/^[0-7]{1,4}$/.test(value)) words.fail(`'unix-bind' : invalid mode '${value}' (octal expected)`);
          common.mode = Number.parseInt(value, 8);
        }
      }
    }
  },
};
