import type { Eventually, Verdict } from '../api/index.ts';
import type { Stream } from './stream.ts';
import { type ProxyFilters, StreamFilters } from './stream-filters.ts';

/** A stream begins: the frontend's filters join it, and see what it is. */
export function attachFrontend(stream: Stream, lines: ProxyFilters): Eventually<Verdict> {
  const filters = new StreamFilters(stream);
  stream.filters = filters;
  const verdict = filters.attach(lines, 'frontend');
  if (verdict !== undefined) return verdict;
  return after(filters.stage('stream'), () => filters.stage('frontend-tcp-request'));
}

/** The backend is known: its filters join. `same`: the section is the frontend too, so that its rules have been run. */
export function attachBackend(stream: Stream, lines: ProxyFilters | null, same: boolean): Eventually<Verdict> {
  let { filters } = stream;
  if (filters === null) {
    filters = stream.filters = new StreamFilters(stream);
    // Of the frontend there are late lines only: they keep their places.
    const front = stream.frontend.runtime.filters;
    if (front !== null) filters.attach(front, 'frontend');
  }
  const verdict = lines === null ? undefined : filters.attach(lines, 'backend');
  if (verdict !== undefined) return verdict;
  const first = filters.stage('backend');
  return same ? first : after(first, () => filters.stage('backend-tcp-request'));
}

/** What follows unless there is a verdict. */
export function after(verdict: Eventually<Verdict>, next: () => Eventually<Verdict>): Eventually<Verdict> {
  if (verdict instanceof Promise) return verdict.then((answer) => answer ?? next());
  return verdict ?? next();
}
