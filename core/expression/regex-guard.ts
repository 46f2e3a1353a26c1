import vm from 'node:vm';

/** Steps that a match may take by estimate without being watched; some ten milliseconds. */
const STEPS = 1_000_000;

/** Milliseconds after which a match that is watched is given up: the subject counts as one that does not match. */
export const TIME_LIMIT = 250;

/** A quantified group with a quantifier in it: the steps may double with each byte. */
const NESTED = /\((?:[^()]|\([^()]*\))*[*+}](?:[^()]|\([^()]*\))*\)[*+{]/;
/** Up to this length even those are done at once. */
const SHORT = 16;

const place = vm.createContext({ regex: /x/, subject: '' });
const script = new vm.Script('regex.exec(subject)');

/**
 * Runs patterns for which there is no linear engine. Watching costs tens of microseconds and a thread's attention, so it is for
 * subjects on which backtracking could take long: with k repetitions in the pattern n bytes may take n^k steps.
 */
export function guard(regex: RegExp, repetitions: number): (subject: string, from: number) => RegExpExecArray | null {
  const longest = NESTED.test(regex.source) ? SHORT : Math.floor(STEPS ** (1 / Math.max(1, repetitions + 1)));
  return (subject, from) => {
    regex.lastIndex = from;
    if (subject.length <= longest) return regex.exec(subject);
    place['regex'] = regex;
    place['subject'] = subject;
    try {
      return script.runInContext(place, { timeout: TIME_LIMIT }) as RegExpExecArray | null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
      throw error;
    }
  };
}
