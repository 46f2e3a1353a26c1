import type { Arguments, FetchKeyword, Transaction } from 'sluice/plugin';
import type { UserList } from './userlist.ts';

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

/** The list named by the first argument, once all sections have been read. */
function listOf(args: Arguments): () => UserList | undefined {
  const name = args.text(0);
  let list: UserList | undefined;
  args.later((names) => {
    list = names.section<UserList>('userlist', name);
    if (!list) args.fail(`unable to find userlist '${name}'`);
  });
  return () => list;
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
      return (transaction) => {
        const given = credentials(transaction);
        return given !== undefined && list()?.knows(...given) === true;
      };
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
      const valid = (transaction: Transaction): string | undefined => {
        const given = credentials(transaction);
        return given !== undefined && list()?.knows(...given) === true ? given[0] : undefined;
      };
      let expected: readonly string[] = [];
      args.later(() => {
        const unknown = expected.find((group) => list()?.hasGroup(group) === false);
        if (unknown !== undefined) args.fail(`http_auth_group(): invalid group '${unknown}'.`);
      });
      return {
        expect: (patterns) => void (expected = patterns),
        evaluate: valid,
        some(transaction, visit) {
          const user = valid(transaction);
          return user !== undefined && list()!.groupsOf(user).some(visit);
        },
      };
    },
  },
};
