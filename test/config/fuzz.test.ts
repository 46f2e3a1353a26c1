import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dumpConfig, evaluateCondition, formatDiagnostic, loadConfig } from '../../core/config/index.ts';
import { lexLine, MAX_WORDS } from '../../core/config/lexer.ts';
import { stubCompiler } from './stub-compiler.ts';
import { testWords } from './words.ts';

const BYTES = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 400,
});

/** What configurations are made of, so that chance finds its way past the first word. */
const PIECES = fc.constantFrom(
  ...(
    'global defaults frontend backend listen userlist peers from f d no default .if .elif .else .endif .alert .notice ' +
    'defined(X) streq( ) && || ! 1 0 setenv unsetenv presetenv resetenv X "$X" "${X[*]}" "${X-y}" "${ " \' \\ \\x4 ' +
    'bind :80 name tfo server weight 5 5s timeout client option dontlognull maxconn acl a path / http-request deny ' +
    'set-var(txn.x) tcp-request content accept if unless use_backend default_backend mode http { } # __proto__ ' +
    'constructor toString default-path plugin-load plugin-errors test reqadd balance ssl -1 %[src] \xe9'
  ).split(' '),
  '',
  '\0',
  '\r',
  '\t',
);
const BLANKS = fc.constantFrom(' ', ' ', ' ', '\n', '\n ', '\n', '\t', '', ' \\\n');
const TEXTS = fc
  .array(fc.tuple(PIECES, BLANKS), { maxLength: 80 })
  .map((parts) => parts.map(([piece, blank]) => piece + blank).join(''));

const VALID = `global
 daemon
 setenv A "x y"
defaults d
 mode http
 timeout client 5s
frontend web from d
 bind :80,:81 name x
 acl a path_beg "/$A"
 http-request set-var(txn.x) path if a !{ src 1.1.1.1 }
.if streq("$A",1) && (defined(B) || !0)
 use_backend b if a
.else
 default_backend b
.endif
backend b
 server s "\${HOST-127.0.0.1}:81" weight 5
userlist u
 user "\${.LINE}"
`;
/** A valid configuration with pieces cut out, doubled, or put in. */
const MUTATED = fc
  .array(fc.record({ at: fc.nat(VALID.length), cut: fc.nat(12), put: fc.oneof(PIECES, BYTES) }), { maxLength: 6 })
  .map((edits) => {
    let text = VALID;
    for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
    return text;
  });

async function survives(...texts: string[]): Promise<void> {
  const loaded = await loadConfig({
    sources: texts.map((text, index) => ({ name: `${index}.cfg`, text })),
    env: { X: 'a b  c' },
    plugins: [testWords],
    compilerFor: () => stubCompiler,
  });
  const lines = new Map(texts.map((text, index) => [`${index}.cfg`, text.split('\n')]));
  for (const diagnostic of loaded.diagnostics) {
    expect(formatDiagnostic(diagnostic, 1)).toMatch(/^\[(?:ALERT|WARNING|NOTICE|DIAG)\] +\(1\) : config : /);
    if (diagnostic.file === undefined || !diagnostic.line) continue;
    const row = lines.get(diagnostic.file)![diagnostic.line - 1];
    expect(row).toBeDefined();
    if (diagnostic.column !== undefined) expect(diagnostic.column).toBeLessThanOrEqual(row!.length + 1);
  }
  expect(loaded.failed).toBe(loaded.diagnostics.at(-1)?.message === 'Fatal errors found in configuration.');
  dumpConfig(loaded);
}

describe('no input crashes or hangs the parser', () => {
  test('arbitrary bytes', async () => {
    await fc.assert(
      fc.asyncProperty(BYTES, (text) => survives(text)),
      { numRuns: 500 },
    );
  });

  test('words in any order', async () => {
    await fc.assert(
      fc.asyncProperty(TEXTS, TEXTS, (one, two) => survives(one, two)),
      { numRuns: 800 },
    );
  });

  test('a valid configuration, damaged', async () => {
    await fc.assert(
      fc.asyncProperty(MUTATED, (text) => survives(text)),
      { numRuns: 800 },
    );
  });

  test('conditions', () => {
    fc.assert(
      fc.property(fc.oneof(TEXTS, BYTES), (text) => {
        const answer = evaluateCondition(text, {});
        expect('value' in answer || answer.problem.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

const hex = (c: string): string => c.charCodeAt(0).toString(16).padStart(2, '0');
const quote = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
const weak = (word: string): string => `"${word.replace(/["\\$]/g, '\\$&')}"`;
const escape = (word: string): string => (word === '' ? '""' : word.replace(/[^]/g, (c) => `\\x${hex(c)}`));

describe('the lexer', () => {
  const words = fc.array(
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 12 }),
    { maxLength: MAX_WORDS },
  );

  test.each([
    ['escaped', escape],
    ['strongly quoted', quote],
    ['weakly quoted', weak],
  ])('gives back %s words as they were', (_how, write) => {
    fc.assert(
      fc.property(words, (list) => {
        const { tokens, problem } = lexLine(list.map(write).join(' '), 1, () => undefined);
        expect(problem).toBeUndefined();
        expect(tokens.map((token) => token.text)).toEqual(list);
      }),
    );
  });
});
