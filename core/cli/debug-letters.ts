import type { CommandLine } from './arguments.ts';

/** What `-d<letter>` means here; management.txt chapter 3. */
export type DebugLetter = { readonly argument?: true } & (
  | { readonly kind: 'acts'; readonly apply: (line: CommandLine) => void }
  /** Understood, and without a meaning in this program. */
  | { readonly kind: 'accepted'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
);

const POLLER = 'Node chooses how it waits for the system.';

export const DEBUG_LETTERS: Readonly<Record<string, DebugLetter>> = {
  A: { kind: 'refused', argument: true, reason: 'an archive of libraries for core dumps is not built yet.' },
  C: { kind: 'refused', argument: true, reason: 'dumping the configuration is not built yet.' },
  D: { kind: 'acts', apply: (line) => (line.diagnose = true) },
  F: { kind: 'accepted', reason: 'there is no fast forwarding beside the ordinary one.' },
  G: { kind: 'accepted', reason: "names are resolved by the system's getaddrinfo() in any case." },
  I: { kind: 'accepted', reason: 'programs may always be started.' },
  L: { kind: 'refused', argument: true, reason: 'listing shared libraries is not built yet.' },
  M: { kind: 'accepted', argument: true, reason: 'memory is under the care of the JavaScript engine.' },
  R: { kind: 'accepted', reason: 'SO_REUSEPORT is not used.' },
  S: { kind: 'accepted', reason: 'splice() is not used.' },
  T: { kind: 'accepted', reason: 'kTLS is not used.' },
  V: { kind: 'refused', reason: 'TLS towards servers is not built yet.' },
  W: { kind: 'acts', apply: (line) => (line.zeroWarning = true) },
  Z: { kind: 'accepted', reason: 'there is no zero-copy forwarding beside the ordinary one.' },
  b: { kind: 'acts', apply: (line) => (line.foreground = true) },
  c: { kind: 'accepted', reason: 'threads are not pinned to processors.' },
  e: { kind: 'accepted', reason: POLLER },
  k: { kind: 'accepted', reason: POLLER },
  p: { kind: 'accepted', reason: POLLER },
  r: { kind: 'accepted', reason: 'a server name that does not resolve never keeps the process from starting.' },
  t: { kind: 'refused', argument: true, reason: 'traces are not built yet.' },
  v: { kind: 'accepted', reason: POLLER },
};
