import type { SectionKeyword, SectionReader, Words } from 'sluice/plugin';
import { verify } from 'unixcrypt';

/** A finished `userlist`, as {@link Names.section} gives it. */
export interface UserList {
  /** Whether there is such a user with that password. */
  knows(user: string, password: string): boolean;
  /** The groups of a user; none for one that is not there. */
  groupsOf(user: string): readonly string[];
  hasGroup(group: string): boolean;
}

class User {
  readonly groups: Set<string> = new Set();
  readonly #secret: string | undefined;
  readonly #encrypted: boolean;
  /** The password that was right the last time: trying one against its hash takes thousands of rounds. */
  #known: string | undefined;

  constructor(secret: string | undefined, encrypted: boolean) {
    this.#secret = secret;
    this.#encrypted = encrypted;
  }

  accepts(password: string): boolean {
    if (this.#secret === undefined) return false;
    if (!this.#encrypted) return password === this.#secret;
    if (password === this.#known) return true;
    const right = verify(password, this.#secret);
    if (right) this.#known = password;
    return right;
  }
}

class Users implements UserList {
  readonly #users: ReadonlyMap<string, User>;
  readonly #groups: ReadonlyMap<string, unknown>;
  constructor(users: ReadonlyMap<string, User>, groups: ReadonlyMap<string, unknown>) {
    this.#users = users;
    this.#groups = groups;
  }
  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }
  knows(user: string, password: string): boolean {
    return this.#users.get(user)?.accepts(password) ?? false;
  }
  groupsOf(user: string): readonly string[] {
    return [...(this.#users.get(user)?.groups ?? [])];
  }
}

/** Reads `password <hash>`; SHA-256 and SHA-512 of crypt(3) can be checked. */
function readHash(words: Words): string {
  const hash = words.next('an encrypted password');
  if (!/^\$[56]\$(?:rounds=\d+\$)?[^$]{1,16}\$[./0-9A-Za-z]+$/.test(hash))
    words.fail(`only passwords encrypted with SHA-256 ($5$) or SHA-512 ($6$) are built yet`);
  return hash;
}

/** configuration.txt 12.2. */
export const userlist: SectionKeyword = {
  usage: 'userlist <name>',
  summary: 'Users with passwords and groups, for http_auth and http_auth_group.',
  named: true,
  open(name: string, section: Words): SectionReader {
    const users = new Map<string, User>();
    const groups = new Map<string, string[]>();
    const joined: [user: string, group: string][] = [];
    return {
      directives: {
        user(words: Words) {
          const user = words.next('a user name');
          let secret: string | undefined;
          let encrypted = false;
          const memberOf: string[] = [];
          while (words.remaining > 0) {
            const option = words.oneOf("'password', 'insecure-password' or 'groups'", [
              'password',
              'insecure-password',
              'groups',
            ]);
            if (option === 'groups') memberOf.push(...words.next('group names').split(','));
            else {
              encrypted = option === 'password';
              secret = encrypted ? readHash(words) : words.next('a password');
            }
          }
          if (users.has(user)) words.warn(`ignoring duplicated user '${user}' in userlist '${name}'.`);
          else {
            users.set(user, new User(secret, encrypted));
            for (const group of memberOf) joined.push([user, group]);
          }
        },
        group(words: Words) {
          const group = words.next('a group name');
          const members = words.remaining > 0 && words.oneOf("'users'", ['users']) ? words.next('user names') : '';
          if (groups.has(group)) words.warn(`ignoring duplicated group '${group}' in userlist '${name}'.`);
          else groups.set(group, members === '' ? [] : members.split(','));
        },
      },
      close(): UserList {
        for (const [user, group] of joined) {
          if (!groups.has(group))
            section.fail(`userlist '${name}': no such group '${group}' specified in user '${user}'`);
          users.get(user)!.groups.add(group);
        }
        for (const [group, members] of groups)
          for (const member of members) {
            const user = users.get(member);
            if (!user) section.fail(`userlist '${name}': no such user '${member}' specified in group '${group}'`);
            user.groups.add(group);
          }
        return new Users(users, groups);
      },
    };
  },
};
