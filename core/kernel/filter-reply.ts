import type { Verdict } from '../api/index.ts';
import type { ChainEnd } from './filter-chain.ts';
import { filterResponse } from './filter-response.ts';
import type { HttpSession } from './http-session.ts';
import { conclude } from './response-stages.ts';
import type { Stream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';

/** Nothing of a request goes on that the proxy answers itself. */
const NOWHERE: ChainEnd = { idle: true, flush: () => undefined, balance: () => undefined, concluded: () => undefined };

/**
 * An answer of the proxy's own that passes the filters of responses: a service's, or one from a cache. They are shown the request's
 * head first, as what they do with a response may depend on it; its body they do not see.
 */
export function filterReply(
  session: HttpSession,
  stream: Stream,
  filters: StreamFilters,
  unfiltered: () => void,
): void {
  const chain = filters.requestShown ? null : filters.chain('request', false, NOWHERE);
  const settle = (verdict: Verdict): void => {
    chain?.close();
    if (verdict === undefined || verdict === 'stop') filterResponse(session, stream, filters, unfiltered);
    else conclude(stream, verdict);
  };
  filters.requestShown = true;
  if (chain !== null) {
    chain.length = stream.requestView.body.length;
    chain.complete = stream.requestView.body.complete;
  }
  const verdict = chain?.heads();
  if (!(verdict instanceof Promise)) {
    settle(verdict);
    return;
  }
  stream.wait(
    verdict,
    (_waited, late) => settle(late),
    (error) => stream.blame('kernel', 'filters', error),
  );
}
