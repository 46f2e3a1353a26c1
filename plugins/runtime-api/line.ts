/** Most bytes that may stand between `<<` and the end of the line; management.txt 9.3. */
const LONGEST_PATTERN = 64;

/**
 * The commands of a line: apart by semicolons, their words by blanks. A backslash takes the meaning of what follows;
 * quotes have none. management.txt 9.3.
 */
export function splitLine(line: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)!.push(word);
    word = undefined;
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === ' ' || character === '\t') endWord();
    else if (character === ';') {
      endWord();
      commands.push([]);
    } else if (character === '\\' && at + 1 < line.length) {
      at++;
      word = (word ?? '') + line[at]!;
    } else word = (word ?? '') + character;
  }
  endWord();
  // What is behind the last semicolon is no command if it is nothing.
  if (commands.length > 1 && commands.at(-1)!.length === 0) commands.pop();
  return commands;
}

/** A line that a payload follows: what stands before `<<`, and the line that ends the payload (empty without a pattern). */
export function payloadOf(line: string): { readonly command: string; readonly end: string } | undefined {
  const match = /^(.*[ \t])<<([^ \t]*)$/s.exec(line);
  if (match === null || match[2]!.length > LONGEST_PATTERN) return undefined;
  return { command: match[1]!.trimEnd(), end: match[2]! };
}
