import type { CheckKeyword, CheckResult, Words } from 'sluice/plugin';
import { expectAnswer, noMore, scripted, send } from './builtin.ts';
import { expectBytes } from './expect-bytes.ts';
import { PLAIN } from './expectation.ts';
import { firstLine, result } from './outcome.ts';
import { LINGERING_CONNECT, type Scene } from './steps.ts';

const text = ({ bytes }: Scene): string => bytes.toString('latin1');

export const redisCheck: CheckKeyword = scripted(
  'option redis-check',
  'Checks servers with PING in the Redis protocol.',
  (words) => {
    noMore(words);
    const expectation = { ...PLAIN, errorStatus: 'L7STS', onError: (scene: Scene) => firstLine(text(scene)) } as const;
    return [
      send('*1\r\n$4\r\nPING\r\n'),
      expectBytes({ kind: 'string', value: '+PONG\r\n' }, false, expectation, 'Redis server is ok'),
    ];
  },
);

/** A StartupMessage of protocol 3.0 that names a user. PostgreSQL 55.7. */
function startup(user: string): string {
  const body = `\0\x03\0\0user\0${user}\0\0`;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return length.toString('latin1') + body;
}

export const pgsqlCheck: CheckKeyword = scripted(
  'option pgsql-check user <username>',
  'Checks servers with the beginning of a PostgreSQL session.',
  (words) => {
    const user = words.optional('user') === undefined || words.remaining === 0 ? '' : words.next('a user name');
    if (user === '') words.fail(`'option pgsql-check' expects 'user <username>' as argument.`);
    noMore(words);
    // What an ErrorResponse begins with is its severity; 55.8.
    const severity = { ...PLAIN, minReceived: 5, onError: (scene: Scene) => text(scene).slice(6) };
    const unknown = {
      ...PLAIN,
      minReceived: 9,
      errorStatus: 'L7STS',
      onError: () => 'PostgreSQL unknown error',
    } as const;
    return [
      LINGERING_CONNECT,
      send(startup(user)),
      expectBytes({ kind: 'regex', value: /^E/g }, true, severity),
      // One of the Authentication requests.
      expectBytes(
        { kind: 'regex', value: /^R\0\0\0[^]\0\0\0[\0\x02-\x07\x09\x0a]/g },
        false,
        unknown,
        'PostgreSQL server is ok',
      ),
    ];
  },
);

/** Client Protocol, Capability Flags: PROTOCOL_41 and SECURE_CONNECTION; PLUGIN_AUTH. */
const FLAGS_41 = 0x8200;
const PLUGIN_AUTH = 0x80000;
/** `COM_QUIT` in a packet of its own. */
const QUIT = '\x01\0\0\0\x01';

function little(value: number, bytes: number): string {
  const made = Buffer.alloc(bytes);
  made.writeUIntLE(value, 0, bytes);
  return made.toString('latin1');
}

/** A handshake response without a password, and the end of the session. */
function login(user: string, version: 'pre-41' | 'post-41' | 'post-80'): string {
  let body = `${little(0x8000, 2)}${little(0x10000, 3)}${user}\0\0`;
  if (version !== 'pre-41') {
    const flags = version === 'post-80' ? FLAGS_41 | PLUGIN_AUTH : FLAGS_41;
    const plugin = version === 'post-80' ? 'mysql_native_password\0' : '';
    // Longest packet, character set utf8_general_ci, and 23 bytes of nothing.
    body = `${little(flags, 4)}${little(0x1008000, 4)}\x21${'\0'.repeat(23)}${user}\0\0${plugin}`;
  }
  return `${little(body.length, 3)}\x01${body}${QUIT}`;
}

const UNREADABLE = result('L7RSP');

interface Packet {
  readonly body: Buffer;
  readonly end: number;
}

/** A packet's body; undefined while it has not come. */
function packetAt(bytes: Buffer, at: number): Packet | undefined {
  if (bytes.length < at + 4) return undefined;
  const end = at + 4 + bytes.readUIntLE(at, 3);
  return bytes.length < end ? undefined : { body: bytes.subarray(at + 4, end), end };
}

/** The failure that an ERR packet tells. */
function refusal({ body }: Packet): CheckResult | undefined {
  if (body[0] !== 0xff) return undefined;
  const code = (body[1] ?? 0) | ((body[2] ?? 0) << 8);
  return result('L7STS', body.length > 3 ? body.toString('latin1', 3) : undefined, code);
}

/** The greeting, and with `loggedIn` what the server says to the user's name. */
function readSession(loggedIn: boolean): (bytes: Buffer) => 'wait' | CheckResult {
  return (bytes) => {
    const greeting = packetAt(bytes, 0);
    if (greeting === undefined) return 'wait';
    const refused = refusal(greeting);
    if (refused !== undefined) return refused;
    if (loggedIn) {
      const answer = packetAt(bytes, greeting.end);
      if (answer === undefined) return 'wait';
      const denied = refusal(answer);
      if (denied !== undefined) return denied;
    }
    // Behind the protocol's version.
    const version = greeting.body.toString('latin1', 1);
    const nul = version.indexOf('\0');
    return result('L7OK', (nul < 0 ? version : version.slice(0, nul)) || undefined, 0);
  };
}

function readUser(words: Words): [user: string, version: 'pre-41' | 'post-41' | 'post-80'] | undefined {
  if (words.remaining === 0) return undefined;
  const word = words.next('user');
  if (word !== 'user') words.fail(`'option mysql-check' only supports optional values: 'user' (got '${word}').`);
  if (words.remaining === 0 || words.peek() === '')
    words.fail(`'option mysql-check user' expects <username> as argument.`);
  const user = words.next('a user name');
  const version = words.remaining > 0 ? words.next('a version') : 'post-41';
  if (version !== 'post-41' && version !== 'pre-41' && version !== 'post-80')
    words.fail(`keyword 'user' only supports 'post-41', 'pre-41' and 'post-80' (got '${version}').`);
  noMore(words);
  return [user, version];
}

export const mysqlCheck: CheckKeyword = scripted(
  'option mysql-check [ user <username> [ post-41 | pre-41 | post-80 ] ]',
  'Checks servers with the greeting of MySQL, and with a login if a user is named.',
  (words) => {
    const login41 = readUser(words);
    const answer = expectAnswer(readSession(login41 !== undefined), UNREADABLE);
    return login41 === undefined ? [LINGERING_CONNECT, answer] : [LINGERING_CONNECT, send(login(...login41)), answer];
  },
);
