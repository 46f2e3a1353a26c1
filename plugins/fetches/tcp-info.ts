import { type Arguments, type FetchFunction, type TcpInfo, type Transaction, tcpInfoProblem } from 'sluice/plugin';
import { type FetchTable, fetch } from './define.ts';

type Side = (transaction: Transaction) => TcpInfo | undefined;

const client: Side = ({ connection }) => connection.tcpInfo();
const server: Side = ({ serverLink }) => serverLink?.tcpInfo();

/** Refused where the system cannot be asked, as HAProxy has not even the words there. */
function needTcpInfo(args: Arguments): void {
  const problem = tcpInfoProblem();
  if (problem !== undefined) args.fail(`TCP_INFO cannot be read here: ${problem}`);
}

/** Microseconds from the kernel, in milliseconds unless the argument says `us`. */
function time(side: Side, read: (info: TcpInfo) => number): (args: Arguments) => FetchFunction {
  return (args) => {
    needTcpInfo(args);
    const unit = args.optionalText(0) ?? 'ms';
    if (unit !== 'ms' && unit !== 'us') args.fail(`failed to parse '${unit}', expects 'ms' or 'us'`);
    const scale = unit === 'us' ? 1 : 1000;
    return (transaction) => {
      const info = side(transaction);
      return info && Math.floor(read(info) / scale);
    };
  };
}

function count(name: string, what: string, read: (info: TcpInfo) => number): FetchTable {
  return fetch(name, '', 'sint', 'client-l4', `The kernel's counter of ${what} of the client's connection.`, (args) => {
    needTcpInfo(args);
    return (transaction) => {
      const info = client(transaction);
      return info && read(info);
    };
  });
}

const RTT = 'The round trip time the kernel measured';
const VARIANCE = 'How much the round trip time varies';

/** What TCP measures: Linux's TCP_INFO. configuration.txt 7.3.3. */
export const tcpInfoFetches: FetchTable = {
  ...fetch(
    'fc_rtt',
    '[string]',
    'sint',
    'client-l4',
    `${RTT} to the client.`,
    time(client, (info) => info.roundTrip),
  ),
  ...fetch(
    'fc_rttvar',
    '[string]',
    'sint',
    'client-l4',
    `${VARIANCE} to the client.`,
    time(client, (info) => info.roundTripVariance),
  ),
  ...fetch(
    'bc_rtt',
    '[string]',
    'sint',
    'client-l4',
    `${RTT} to the server.`,
    time(server, (info) => info.roundTrip),
  ),
  ...fetch(
    'bc_rttvar',
    '[string]',
    'sint',
    'client-l4',
    `${VARIANCE} to the server.`,
    time(server, (info) => info.roundTripVariance),
  ),
  ...count('fc_unacked', 'segments not acknowledged yet', (info) => info.unacknowledged),
  ...count('fc_sacked', 'segments acknowledged selectively', (info) => info.sacked),
  ...count('fc_lost', 'lost segments', (info) => info.lost),
  ...count('fc_retrans', 'segments sent again', (info) => info.retransmitted),
  ...count('fc_fackets', 'forward acknowledgements', (info) => info.fackets),
  ...count('fc_reordering', 'reordered segments', (info) => info.reordering),
};
