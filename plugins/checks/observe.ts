import type { Observation, Observer, Server } from 'sluice/plugin';
import type { Runner } from './runner.ts';
import type { ServerChecks } from './settings.ts';

/** What the message says the last error was (measured). */
const WORDS: Readonly<Partial<Record<Observation, string>>> = {
  'connect-failed': 'L4 unsuccessful connection',
  'bad-status': 'Wrong http response',
  'bad-response': 'Invalid http response (headers)',
  closed: 'Close from server (http)',
  'read-timeout': 'Read timeout (http)',
  'read-error': 'Read error (http)',
};
const SEVERITY = {
  fastinter: 'none',
  'fail-check': 'check',
  'sudden-death': 'pre-fatal',
  'mark-down': 'fatal',
} as const;

/** Counts errors of traffic in a row, and acts when there are too many. configuration.txt 5.2, `observe`. */
export function observeServer(server: Server, { observe, onError, errorLimit }: ServerChecks, runner: Runner): void {
  let errors = 0;
  const layer4 = observe === 'layer4';
  // A check that passes takes them back, too (measured).
  runner.onPass = () => (errors = 0);
  const observer: Observer = (what) => {
    const ofLayer4 = what === 'connected' || what === 'connect-failed';
    // A connection that stands is no answer yet; one that cannot be made is an error for both.
    if (layer4 ? !ofLayer4 : what === 'connected') return;
    const words = WORDS[what];
    if (words === undefined) {
      errors = 0;
      return;
    }
    errors++;
    if (errors < errorLimit) return;
    const info = `Detected ${errors} consecutive errors, last one was: ${words}`;
    errors = 0;
    server.state.analysisFailed(info, SEVERITY[onError]);
    runner.hurry();
  };
  server.state.observe(observer);
}
