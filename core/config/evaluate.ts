import { ConditionError, evaluateJoined } from './conditions.ts';
import { Environment } from './environment.ts';
import { lexLine } from './lexer.ts';

/** What `-cc` answers: a value, or why there is none. */
export type Evaluation = { readonly value: boolean } | { readonly problem: string };

/** Evaluates a condition as `.if` would, outside any file. */
export function evaluateCondition(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  defines?: Readonly<Record<string, string>>,
): Evaluation {
  const environment = new Environment(env, defines);
  const lookup = (name: string): string | undefined => environment.get(name);
  const lexed = lexLine(text, 1, lookup);
  if (lexed.problem) return { problem: `Syntax Error in condition: ${lexed.problem.message}` };
  const joined = lexed.tokens.map((token) => token.text).join(' ');
  try {
    return { value: evaluateJoined(joined, { defined: (name) => lookup(name) !== undefined }) };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return { problem: `Failed to evaluate condition: ${error.message}` };
  }
}
