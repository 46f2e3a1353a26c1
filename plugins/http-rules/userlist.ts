import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SectionKeyword, SectionReader, Words } from 'sluice/plugin';
import { equalTexts, matches, matchesLater, problemOf } from './crypt.ts';

/** A finished `userlist`, as {@link Names.section} gives it. */
export interface UserList {
  /** Undefined when there is no such user. */
  user(name: string): User | undefined;
  hasGroup(group: string): boolean;
}

/** Passwords that were right are remembered by their digests under this key, not as they are. */
const KEY = randomBytes(32);

function digestOf(password: string): Buffer {
  return createHmac('sha256', KEY).update(password, 'latin1').digest();
}

export class User {
  readonly groups: Set<string> = new Set();
  readonly #secret: string | undefined;
  readonly #encrypted: boolean;
  /** The password that was right the last time: trying one against its hash takes milliseconds. */
  #known: Buffer | undefined;
  /** What is being tried, by digest: the connections of one browser come at the same time. */
  readonly #trials = new Map<string, Promise<boolean>>();

  constructor(secret: string | undefined, encrypted: boolean) {
    this.#secret = secret;
    this.#encrypted = encrypted;
  }

  /** Whether that is the password, as far as it can be said without trying; undefined if it cannot. */
  answer(password: string): boolean | undefined {
    if (this.#secret === undefined) return false;
    if (!this.#encrypted) return equalTexts(password, this.#secret);
    if (this.#known !== undefined && timingSafeEqual(digestOf(password), this.#known)) return true;
    return undefined;
  }

  /** The same, at any cost. */
  accepts(password: string): boolean {
    const answer = this.answer(password);
    if (answer !== undefined) return answer;
    return this.#note(password, matches(password, this.#secret!));
  }

  /** The same without stopping the event loop. */
  acceptsLater(password: string): Promise<boolean> {
    const key = digestOf(password).toString('latin1');
    let trial = this.#trials.get(key);
    if (trial === undefined) {
      trial = matchesLater(password, this.#secret!).then((right) => {
        this.#trials.delete(key);
        return this.#note(password, right);
      });
      this.#trials.set(key, trial);
    }
    return trial;
  }

  #note(password: string, right: boolean): boolean {
    if (right) this.#known = digestOf(password);
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
  user(name: string): User | undefined {
    return this.#users.get(name);
  }
}

/** Reads `password <hash>`; one that no password can match is told. */
function readHash(words: Words): string {
  const hash = words.next('an encrypted password');
  const problem = problemOf(hash);
  if (problem?.fatal === true) words.fail(problem.text);
  if (problem !== undefined) words.warn(problem.text);
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
