import type { Environment } from './environment.ts';

interface EnvironmentWord {
  readonly least: number;
  readonly most: number;
  readonly expects: string;
  run(args: readonly string[], environment: Environment): void;
}

const PAIR = { least: 2, most: 2, expects: 'a name and a value' };

/** Lines of `global` that act at once, so that the next line sees the change. configuration.txt 3.1. */
const WORDS: Readonly<Record<string, EnvironmentWord>> = {
  setenv: { ...PAIR, run: ([name, value], environment) => environment.set(name!, value!) },
  presetenv: { ...PAIR, run: ([name, value], environment) => environment.preset(name!, value!) },
  unsetenv: {
    least: 1,
    most: Infinity,
    expects: 'at least one variable name',
    run: (names, environment) => environment.unset(names),
  },
  resetenv: {
    least: 0,
    most: Infinity,
    expects: 'variable names',
    run: (kept, environment) => environment.reset(kept),
  },
};

export function isEnvironmentWord(word: string): boolean {
  return Object.hasOwn(WORDS, word);
}

/** Runs one; answers what is wrong with it. */
export function runEnvironmentWord(
  word: string,
  args: readonly string[],
  environment: Environment,
): string | undefined {
  const { least, most, expects } = WORDS[word]!;
  if (args.length < least) return `'${word}' expects ${expects}.`;
  if (args.length > most) return `'${word}' cannot handle unexpected argument '${args[most]}'.`;
  WORDS[word]!.run(args, environment);
  return undefined;
}
