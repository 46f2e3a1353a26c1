import { type Arguments, type Transaction, type Value, acceptDate, requestDate, timers } from 'sluice/plugin';
import { timeUnit } from './constants.ts';
import { type FetchTable, aliases, fetch, simple } from './define.ts';

function slot(list: (transaction: Transaction) => (string | undefined)[]) {
  return (args: Arguments): ((transaction: Transaction) => Value | undefined) => {
    const index = args.integer(0);
    if (index < 0) args.fail(`the capture's index must not be negative`);
    return (transaction) => list(transaction)[index];
  };
}

function dateIn(date: (transaction: Transaction) => number) {
  return (args: Arguments): ((transaction: Transaction) => Value | undefined) => {
    const unit = timeUnit(args.optionalText(0), (message) => args.fail(message));
    const scale = unit === 's' ? 0.001 : unit === 'ms' ? 1 : 1000;
    return (transaction) => Math.floor(date(transaction) * scale);
  };
}

/** A timer that has not ended has no value. */
const timer =
  (name: keyof typeof timers) =>
  (transaction: Transaction): Value | undefined => {
    const value = timers[name](transaction);
    return value < 0 ? undefined : value;
  };

const RETRIES = 'How often the connection to a server was tried again.';

/** What responses, captures and the course of a transaction give. configuration.txt 7.3.6 and 8.4. */
export const responseFetches: FetchTable = {
  ...simple('status', 'sint', 'response-kept', "The response's status.", ({ response }) => response?.status),
  ...simple('txn.status', 'sint', 'response-kept', 'The status as the log has it.', ({ response }) => response?.status),
  ...aliases(
    simple('res.ver', 'str', 'response-kept', "The response's HTTP version.", ({ response }) => response?.version),
    'resp_ver',
  ),
  ...simple(
    'capture.res.ver',
    'str',
    'request-kept',
    '`HTTP/1.1`, kept to the end.',
    ({ response }) => response && `HTTP/${response.version}`,
  ),
  ...simple('res.body', 'bin', 'response-head', 'The bytes of the body that are there.', ({ response }) =>
    response?.body.available(),
  ),
  ...simple(
    'res.body_len',
    'sint',
    'response-head',
    'How many bytes of the body are there.',
    ({ response }) => response?.body.available().length,
  ),
  ...simple(
    'res.body_size',
    'sint',
    'response-head',
    'The announced size of the body, or what is there of it.',
    ({ response }) => response && (response.body.length ?? response.body.available().length),
  ),
  ...fetch(
    'capture.req.hdr',
    'integer',
    'str',
    'request-kept',
    'A captured header of the request.',
    slot((one) => one.requestCaptures),
  ),
  ...fetch(
    'capture.res.hdr',
    'integer',
    'str',
    'response-kept',
    'A captured header of the response.',
    slot((one) => one.responseCaptures),
  ),
  ...fetch('accept_date', '[string]', 'sint', 'client-l4', 'When the connection was accepted.', dateIn(acceptDate)),
  ...fetch(
    'request_date',
    '[string]',
    'sint',
    'request-kept',
    'When the first byte of the request came.',
    dateIn(requestDate),
  ),
  ...simple('req.timer.idle', 'sint', 'request-head', 'Milliseconds before the first byte: %Ti.', timer('Ti')),
  ...simple('req.timer.hdr', 'sint', 'request-head', 'Milliseconds the head took: %TR.', timer('TR')),
  ...simple('req.timer.tq', 'sint', 'request-head', 'Milliseconds until the head was there: %Tq.', timer('Tq')),
  ...simple('req.timer.queue', 'sint', 'response-kept', 'Milliseconds in queues: %Tw.', timer('Tw')),
  ...simple('bc.timer.connect', 'sint', 'response-kept', 'Milliseconds to connect: %Tc.', timer('Tc')),
  ...simple('res.timer.hdr', 'sint', 'response-head', 'Milliseconds the server took to answer: %Tr.', timer('Tr')),
  ...simple('res.timer.data', 'sint', 'response-end', 'Milliseconds the body took: %Td.', timer('Td')),
  ...simple('fc.timer.handshake', 'sint', 'client-l4', 'Milliseconds of handshakes: %Th.', timer('Th')),
  ...simple('fc.timer.total', 'sint', 'session-end', 'Milliseconds in all: %Tt.', timer('Tt')),
  ...simple('txn.timer.total', 'sint', 'transaction-end', 'Milliseconds of activity: %Ta.', timer('Ta')),
  ...simple('txn.timer.user', 'sint', 'transaction-end', 'Milliseconds as the user sees them: %Tu.', timer('Tu')),
  ...simple('txn.conn_retries', 'sint', 'server-l4', RETRIES, ({ retries }) => retries),
  ...simple(
    'txn.redispatched',
    'bool',
    'server-l4',
    'Whether a retry went to another server.',
    ({ redispatched }) => redispatched,
  ),
  ...simple(
    'bc_be_queue',
    'sint',
    'server-l4',
    "The place in the backend's queue: %bq.",
    ({ backendQueue }) => backendQueue,
  ),
  ...simple(
    'bc_srv_queue',
    'sint',
    'server-l4',
    "The place in the server's queue: %sq.",
    ({ serverQueue }) => serverQueue,
  ),
  ...aliases(
    simple(
      'req.bytes_in',
      'sint',
      'request-end',
      'Bytes read from the client: %U.',
      ({ loggedFromClient }) => loggedFromClient,
    ),
    'bytes_in',
  ),
  ...simple(
    'res.bytes_out',
    'sint',
    'response-end',
    'Bytes sent to the client: %B.',
    ({ loggedToClient }) => loggedToClient,
  ),
  ...simple(
    'bytes_out',
    'sint',
    'response-end',
    'Bytes sent to the client: %B.',
    ({ loggedToClient }) => loggedToClient,
  ),
};
