import type { Verdict } from '../api/index.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { after } from './filter-stages.ts';
import type { HttpSession } from './http-session.ts';
import { conclude, inspectResponse } from './response-stages.ts';
import type { Stream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';

/** The request is on its way: filters see the server's side begin, then the rules that look at its bytes do. */
export function serverStages(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  filters: StreamFilters,
): void {
  const verdict = after(filters.stage('server'), () => filters.stage('tcp-response'));
  if (!(verdict instanceof Promise)) {
    settled(session, stream, connection, verdict);
    return;
  }
  connection.pause();
  stream.wait(
    verdict,
    (waited, late) => {
      if (waited.connection$ !== connection) return;
      connection.resume();
      settled(session, waited, connection, late);
    },
    (error) => stream.blame('kernel', 'filters', error),
  );
}

function settled(session: HttpSession, stream: Stream, connection: ServerConnection, verdict: Verdict): void {
  if (verdict !== undefined && verdict !== 'stop') {
    stream.closeServer = true;
    conclude(stream, verdict);
  } else if (stream.backend!.runtime.tcpResponseRules !== null) inspectResponse(session, stream, connection);
}
