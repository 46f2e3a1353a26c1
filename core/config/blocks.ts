/** HAProxy's limit on nested `.if`. */
const MAX_NESTED = 100;

/** `taken`: this branch is read. `waiting`: none has been yet. `passed`: one has, or all are skipped with what is around them. */
type State = 'taken' | 'waiting' | 'passed';

interface Block {
  state: State;
  sawElse: boolean;
}

/** The stack of `.if` blocks of one file. A method answers what is wrong, or nothing. */
export class ConditionalBlocks {
  readonly #stack: Block[] = [];

  /** Whether lines count here. */
  get active(): boolean {
    return this.#stack.every((block) => block.state === 'taken');
  }

  get open(): boolean {
    return this.#stack.length > 0;
  }

  /** `.if`. The condition is only evaluated where it matters. */
  enter(condition: () => boolean | undefined): string | undefined {
    const active = this.active;
    const block: Block = { state: 'passed', sawElse: false };
    this.#stack.push(block);
    if (this.#stack.length >= MAX_NESTED) return `too many nested '.if', max is ${MAX_NESTED}.`;
    if (active) block.state = decide(condition());
    return undefined;
  }

  /** `.elif` */
  alternative(condition: () => boolean | undefined): string | undefined {
    const block = this.#stack.at(-1);
    if (!block) return "lone '.elif' with no matching '.if'.";
    if (block.sawElse) return "'.elif' after '.else' is not permitted.";
    block.state = block.state === 'waiting' ? decide(condition()) : 'passed';
    return undefined;
  }

  /** `.else` */
  otherwise(): string | undefined {
    const block = this.#stack.at(-1);
    if (!block) return "lone '.else' with no matching '.if'.";
    if (block.sawElse) return "'.else' after '.else' is not permitted.";
    block.sawElse = true;
    block.state = block.state === 'waiting' ? 'taken' : 'passed';
    return undefined;
  }

  /** `.endif` */
  leave(): string | undefined {
    return this.#stack.pop() ? undefined : "lone '.endif' with no matching '.if'.";
  }
}

/** A condition that could not be evaluated has been reported: no branch is read, so that nothing follows from it. */
function decide(value: boolean | undefined): State {
  if (value === undefined) return 'passed';
  return value ? 'taken' : 'waiting';
}
