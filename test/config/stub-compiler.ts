import type { Condition, Expression, Words } from '../../core/api/index.ts';
import type { AclTable, Compiler } from '../../core/expression/compiler.ts';

const BUILT_IN = ['TRUE', 'FALSE', 'HTTP', 'METH_GET'];

/** Knows the shape of conditions and the names of ACLs, which is all that the language's own tests need. */
export const stubCompiler: Compiler = {
  newAcls: () => ({ names: new Map() }),
  acl(words, context) {
    const name = words.next('an ACL name');
    const bad = /[^A-Za-z0-9._:-]/.exec(name);
    if (bad) words.fail(`character '${bad[0]}' is not permitted in acl name '${name}'.`);
    words.next('a fetch method');
    words.rest();
    (context.acls.names as Map<string, unknown>).set(name, true);
  },
  expression(words): Expression {
    const text = words.next('a sample expression');
    return { text, type: 'str', source: 'constant', evaluate: () => text, some: undefined };
  },
  format: (text) => ({ text, constant: text, aliases: [], httpAlias: undefined, evaluate: () => text }),
  samples() {
    throw new Error('there are no samples here');
  },
  condition(words, context): Condition | undefined {
    const polarity = words.optional('if', 'unless');
    if (polarity === undefined) return undefined;
    const parts: string[] = [polarity];
    while (words.remaining > 0) parts.push(term(words, context.acls));
    return { text: parts.join(' '), evaluate: () => true, decide: () => true };
  },
};

function term(words: Words, acls: AclTable): string {
  const word = words.next('an ACL');
  if (word === '{') {
    const inner: string[] = [];
    for (let next = words.next("'}'"); next !== '}'; next = words.next("'}'")) inner.push(next);
    return `{ ${inner.join(' ')} }`;
  }
  const name = word.replace(/^!/, '');
  if (name !== '' && name !== 'or' && name !== '||' && !acls.names.has(name) && !BUILT_IN.includes(name))
    words.fail(`no such ACL : '${name}'.`);
  return word;
}
