/** What an agent said in one line; configuration.txt 5.2, `agent-check`. What it did not say is left as it is. */
export interface AgentAdvice {
  readonly state: 'ready' | 'drain' | 'maint' | undefined;
  /** As the Runtime API takes it: `75%`, or `30` after `weight:`. */
  readonly weight: string | undefined;
  readonly maxconn: string | undefined;
  /** The word itself, as the agent spelled it, and what it means. */
  readonly status: { readonly word: string; readonly up: boolean } | undefined;
  /** What stood behind `#`. */
  readonly description: string;
  /** The last word that means nothing. */
  readonly unknown: string | undefined;
}

const SEPARATOR = /[ \t,]+/y;
const WORD = /[^ \t,]+/y;

/** Reads one line, without its end. Words are looked at in any case, and the last of a kind counts (measured). */
export function readAgentLine(line: string): AgentAdvice {
  let state: AgentAdvice['state'];
  let weight: string | undefined;
  let maxconn: string | undefined;
  let status: AgentAdvice['status'];
  let description = '';
  let unknown: string | undefined;
  let at = 0;
  while (at < line.length) {
    SEPARATOR.lastIndex = at;
    if (SEPARATOR.test(line)) at = SEPARATOR.lastIndex;
    if (at >= line.length) break;
    if (line[at] === '#') {
      description = line.slice(at + 1).replace(/^[ \t]+/, '');
      break;
    }
    WORD.lastIndex = at;
    WORD.test(line);
    const word = line.slice(at, WORD.lastIndex);
    at = WORD.lastIndex;
    const known = word.toLowerCase();
    if (known === 'up') status = { word, up: true };
    else if (known === 'down' || known === 'stopped' || known === 'fail') status = { word, up: false };
    else if (known === 'ready' || known === 'drain' || known === 'maint') state = known;
    else if (/^\d.*%/.test(known)) weight = word;
    else if (known.startsWith('weight:')) weight = word.slice('weight:'.length);
    else if (known.startsWith('maxconn:')) maxconn = word.slice('maxconn:'.length);
    else unknown ??= word;
  }
  return { state, weight, maxconn, status, description, unknown };
}
