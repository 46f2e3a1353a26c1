import { evaluateJoined } from '../config/conditions.ts';
import { Environment } from '../config/environment.ts';
import { lexLine } from '../config/lexer.ts';

/**
 * `-cc`: a condition as in `.if`, with the environment of this process. configuration.txt 2.4.
 * @throws when it cannot be evaluated.
 */
export function evaluateCondition(text: string, env: NodeJS.ProcessEnv): boolean {
  const environment = new Environment(env);
  const { tokens, problem } = lexLine(text, 1, (name) => environment.get(name));
  if (problem) throw new Error(problem.message);
  const joined = tokens.map((token) => token.text).join(' ');
  return evaluateJoined(joined, { defined: (name) => environment.get(name) !== undefined });
}
