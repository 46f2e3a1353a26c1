import type { Arguments, Eventually, Extension, FetchKeyword, Proxy, Transaction, Verdict } from 'sluice/plugin';
import type { User, UserList } from './userlist.ts';

/** User and password of a Basic Authorization field. RFC 7617. */
function credentials({ request, frontend }: Transaction): readonly [user: string, password: string] | undefined {
  if (!request) return undefined;
  const proxied = frontend.settings.options.get('http-use-proxy-header') === true && !/^[/*]/.test(request.uri);
  const field = request.headers.get(proxied ? 'proxy-authorization' : 'authorization');
  const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(field ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

type ListOf = () => UserList | undefined;

/** The lists that a proxy's conditions ask. */
interface Asked {
  readonly lists: Set<ListOf>;
}
const ASKED: Extension<Asked> = {
  name: 'http-rules/userlists',
  create: () => ({ lists: new Set() }),
  inherit: ({ lists }) => ({ lists: new Set(lists) }),
};

/** What was found out about a request's password before its rules run. */
interface Trials {
  readonly answers: Map<User, { readonly password: string; readonly right: boolean }>;
}
const TRIALS = Symbol('http-rules/trials');
const newTrials = (): Trials => ({ answers: new Map() });

/** Conditions cannot wait. So where one asks a list, the password is tried before the rules, while others go on. */
function tryAhead(transaction: Transaction, proxy: Proxy): Eventually<Verdict> {
  const given = credentials(transaction);
  if (given === undefined) return undefined;
  const [name, password] = given;
  const trials: Promise<void>[] = [];
  for (const list of proxy.extension(ASKED)?.lists ?? []) {
    const user = list()?.user(name);
    if (user === undefined || user.answer(password) !== undefined) continue;
    const { answers } = transaction.data(TRIALS, newTrials);
    trials.push(user.acceptsLater(password).then((right) => void answers.set(user, { password, right })));
  }
  return trials.length === 0 ? undefined : Promise.all(trials).then(() => undefined);
}

/** The user whom the request names, if the password is right. */
function validUser(transaction: Transaction, list: UserList | undefined): [name: string, user: User] | undefined {
  const given = credentials(transaction);
  const user = given && list?.user(given[0]);
  if (!given || !user) return undefined;
  const [name, password] = given;
  const answer = user.answer(password) ?? tried(transaction, user, password) ?? user.accepts(password);
  return answer ? [name, user] : undefined;
}

function tried(transaction: Transaction, user: User, password: string): boolean | undefined {
  const trial = transaction.data(TRIALS, newTrials).answers.get(user);
  // A rule may have changed the field since.
  return trial?.password === password ? trial.right : undefined;
}

/** The list named by the first argument, once all sections have been read. */
function listOf(args: Arguments): ListOf {
  const name = args.text(0);
  let list: UserList | undefined;
  args.later((names) => {
    list = names.section<UserList>('userlist', name);
    if (!list) args.fail(`unable to find userlist '${name}'`);
  });
  const find: ListOf = () => list;
  const { scope } = args;
  if (scope !== undefined && scope.kind !== 'global') {
    scope.proxy.extension(ASKED).lists.add(find);
    scope.proxy.onRequest(tryAhead);
  }
  return find;
}

const LIST = [{ type: 'userlist' }] as const;

export const authFetches: Record<string, FetchKeyword> = {
  http_auth: {
    usage: 'http_auth(<userlist>)',
    summary: 'Whether the request names a user of the list and the right password.',
    type: 'bool',
    arguments: LIST,
    from: 'request-head',
    compile(args) {
      const list = listOf(args);
      return (transaction) => validUser(transaction, list()) !== undefined;
    },
  },
  http_auth_group: {
    usage: 'http_auth_group(<userlist>)',
    summary: 'The user the request names, if the password is right; a condition compares each of his groups.',
    type: 'str',
    arguments: LIST,
    from: 'request-head',
    compile(args) {
      const list = listOf(args);
      let expected: readonly string[] = [];
      args.later(() => {
        const unknown = expected.find((group) => list()?.hasGroup(group) === false);
        if (unknown !== undefined) args.fail(`http_auth_group(): invalid group '${unknown}'.`);
      });
      return {
        expect: (patterns) => void (expected = patterns),
        evaluate: (transaction) => validUser(transaction, list())?.[0],
        some(transaction, visit) {
          const groups = validUser(transaction, list())?.[1].groups ?? [];
          for (const group of groups) if (visit(group)) return true;
          return false;
        },
      };
    },
  },
};
