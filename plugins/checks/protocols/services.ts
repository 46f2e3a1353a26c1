import type { CheckKeyword } from 'sluice/plugin';
import { expectAnswer, noMore, scripted, send } from './builtin.ts';
import { expectBytes } from './expect-bytes.ts';
import { PLAIN } from './expectation.ts';
import { firstLine, result } from './outcome.ts';
import { LINGERING_CONNECT, type Scene } from './steps.ts';
import { toInteger } from '../../http-rules/values.ts';

const text = ({ bytes }: Scene): string => bytes.toString('latin1');

/** What stands behind a reply code; RFC 5321 4.2. */
const replyText = (scene: Scene): string => firstLine(text(scene).slice(4).replace(/^ +/, ''));
const replyCode = (scene: Scene): number | undefined => toInteger(text(scene).slice(0, 3));

export const smtpchk: CheckKeyword = scripted(
  'option smtpchk [ { HELO | EHLO } <domain> ]',
  'Checks servers with the beginning and the end of an SMTP session.',
  (words) => {
    const hello = words.remaining > 0 ? words.next('HELO or EHLO') : '';
    const domain = words.remaining > 0 ? words.next('a domain') : '';
    noMore(words);
    const known = (hello === 'HELO' || hello === 'EHLO') && domain !== '';
    const wrong = { ...PLAIN, errorStatus: 'L7STS', onError: replyText, statusCode: replyCode } as const;
    return [
      LINGERING_CONNECT,
      expectBytes({ kind: 'regex', value: /^[0-9]{3}[ \r]/g }, false, {
        ...PLAIN,
        minReceived: 4,
        onError: (scene) => firstLine(text(scene)),
      }),
      expectBytes({ kind: 'regex', value: /^2[0-9]{2}[ \r]/g }, false, { ...wrong, minReceived: 4 }),
      send(`${known ? hello : 'HELO'} ${known ? domain : 'localhost'}\r\n`),
      expectBytes({ kind: 'regex', value: /^(?:2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]/g }, false, wrong),
      send('QUIT\r\n'),
      expectBytes({ kind: 'regex', value: /^2[0-9]{2}[- \r]/g }, false, {
        ...wrong,
        minReceived: 4,
        onSuccess: replyText,
      }),
    ];
  },
);

/** BindRequest, anonymous and simple, with message ID 1; RFC 4511 4.2. */
const BIND = '\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00';
const NOT_LDAP = result('L7RSP', 'Not LDAPv3 protocol');

/** Where the content of a BER element begins; `wait` while that has not come. Definite lengths of up to 4 bytes. */
function contentAt(bytes: Buffer, at: number): number | 'wait' | undefined {
  const first = bytes[at + 1];
  if (first === undefined) return 'wait';
  if (first < 0x80) return at + 2;
  return first === 0x80 || first > 0x84 ? undefined : at + 2 + (first & 0x7f);
}

function readBindResponse(bytes: Buffer): 'wait' | ReturnType<typeof result> {
  if (bytes[0] !== 0x30) return bytes.length < BIND.length ? 'wait' : NOT_LDAP;
  if (bytes.length < BIND.length) return 'wait';
  const message = contentAt(bytes, 0);
  if (message === 'wait') return 'wait';
  if (message === undefined || bytes.toString('latin1', message, message + 3) !== '\x02\x01\x01') return NOT_LDAP;
  // BindResponse is [APPLICATION 1].
  if (bytes[message + 3] !== 0x61) return NOT_LDAP;
  const response = contentAt(bytes, message + 3);
  if (response === 'wait') return 'wait';
  if (response === undefined) return NOT_LDAP;
  if (bytes.length < response + 3) return 'wait';
  if (bytes[response] !== 0x0a || bytes[response + 1] !== 1) return NOT_LDAP;
  const code = bytes[response + 2]!;
  if (code === 0) return result('L7OK', 'Success', 0);
  return result('L7STS', 'See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9', code);
}

export const ldapCheck: CheckKeyword = scripted(
  'option ldap-check',
  'Checks servers with an anonymous LDAPv3 bind.',
  (words) => {
    noMore(words);
    return [send(BIND), expectAnswer(readBindResponse, result('L7RSP'))];
  },
);

/** A ClientHello of SSL 3.0 with all ciphers that it had; RFC 6101 5.6.1.2. The first four bytes of its random are the time. */
function clientHello(): string {
  const ciphers: number[] = [];
  for (let cipher = 0x01; cipher <= 0x3a; cipher++) if (cipher <= 0x1b || cipher >= 0x2f) ciphers.push(0, cipher);
  const time = Buffer.alloc(4);
  time.writeUInt32BE(Math.floor(Date.now() / 1000));
  const random = `${time.toString('latin1')}HAPROXYSSLCHK\nHAPROXYSSLCHK\n`;
  const body = `\x03\x00${random}\x00\x00${String.fromCharCode(ciphers.length, ...ciphers)}\x01\x00`;
  const handshake = `\x01\x00\x00${String.fromCharCode(body.length)}${body}`;
  return `\x16\x03\x00\x00${String.fromCharCode(handshake.length)}${handshake}`;
}

export const sslHelloCheck: CheckKeyword = scripted(
  'option ssl-hello-chk',
  'Checks servers with an SSLv3 hello: a handshake or an alert has to come back.',
  (words) => {
    noMore(words);
    const expectation = {
      ...PLAIN,
      minReceived: 5,
      okStatus: 'L6OK',
      errorStatus: 'L6RSP',
      timeoutStatus: 'L6TOUT',
      onError: () => '',
    } as const;
    return [send(clientHello), expectBytes({ kind: 'binary regex', value: /^1[56]/g }, false, expectation)];
  },
);
