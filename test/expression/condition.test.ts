import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PATTERNS } from '../../core/api/index.ts';
import { Refusal, compiler, condition, contextOf, evaluate, transactionOf, wordsOf } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'patterns-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, 'latin1');
  return path;
}

const get = transactionOf({ uri: '/a/b?x=1', headers: [['host', 'www.example.com']] });

const declare = (context: ReturnType<typeof contextOf>, ...words: string[]): void =>
  compiler.acl(wordsOf(words, 'acl'), context);

describe('conditions', () => {
  test.each([
    ['TRUE', true],
    ['!TRUE', false],
    ['! TRUE', false],
    ['!!TRUE', true],
    ['TRUE FALSE', false],
    ['TRUE or FALSE', true],
    ['FALSE || TRUE', true],
    ['FALSE FALSE or TRUE', true],
    ['FALSE TRUE || FALSE', false],
    ['TRUE !FALSE', true],
    ['METH_GET', true],
    ['METH_POST', false],
    ['HTTP_1.1', true],
    ['HTTP_URL_SLASH', true],
    ['HTTP_URL_ABS', false],
    ['LOCALHOST', true],
    ['HTTP_CONTENT', false],
    ['{ path_beg /a } !{ path_end /a }', true],
    ['!{ path_beg /b } or FALSE', true],
    ['or TRUE', true],
    ['TRUE or', true],
  ])('%s is %s', (text, expected) => {
    expect(condition(text, get)).toBe(expected);
  });

  test('unless turns the answer', () => {
    const compiled = compiler.condition(wordsOf(['unless', 'TRUE']), contextOf());
    expect(compiled!.evaluate(get)).toBe(false);
  });

  test('nothing is read without if or unless', () => {
    expect(compiler.condition(wordsOf([]), contextOf())).toBeUndefined();
  });

  test('an empty condition never holds, as in haproxy', () => {
    expect(compiler.condition(wordsOf(['if']), contextOf())!.evaluate(get)).toBe(false);
  });

  test.each([
    ['{ path /', "missing closing '}' in condition"],
    ['{ }', "missing fetch method in ACL expression ''"],
    ['nothing', "no such ACL : 'nothing'"],
    ['METH_GTE', "no such ACL : 'METH_GTE' (did you mean 'METH_GET'?)"],
    ['{ sc0_conn_cnt gt 1 }', "fetch method 'sc0_conn_cnt' is not built yet"],
  ])('%s is refused', (text, message) => {
    expect(() => condition(text, get)).toThrow(
      new Refusal(`error detected while parsing a 'http-request deny' condition : ${message}`),
    );
  });

  test('a fetch that has nothing to read there is warned of', () => {
    const context = contextOf();
    expect(condition('{ status 200 }', get, context)).toBe(false);
    expect(context.warnings).toEqual([
      "anonymous acl will never match because it uses keyword 'status' which is incompatible with 'frontend http-request header rule'",
    ]);
  });

  test('comparing with nothing is warned of', () => {
    const context = contextOf();
    expect(condition('{ path }', get, context)).toBe(false);
    expect(context.warnings[0]).toContain('no pattern to match against were provided');
  });
});

describe('named ACLs', () => {
  test('lines of one name are alternatives, also those that follow the condition', () => {
    const context = contextOf();
    declare(context, 'it', 'path', '/x');
    const compiled = compiler.condition(wordsOf(['if', 'it']), context)!;
    expect(compiled.evaluate(get)).toBe(false);
    declare(context, 'it', 'path', '/a/b');
    expect(compiled.evaluate(get)).toBe(true);
  });

  test('names are bytes of a small set', () => {
    expect(() => declare(contextOf(), 'a?b', 'path', '/')).toThrow(
      new Refusal("character '?' is not permitted in acl name 'a?b'"),
    );
    expect(() => declare(contextOf(), 'or', 'path', '/')).toThrow(/acl name 'or' will never match/);
  });

  test('one that reads what is not there is warned of where it is used', () => {
    const context = contextOf();
    declare(context, 'z', 'status', '200');
    compiler.condition(wordsOf(['if', 'z'], 'http-request deny', context.warnings), context);
    expect(context.warnings).toEqual([
      "acl 'z' will never match because it only involves keywords that are incompatible with 'frontend http-request header rule'",
    ]);
  });

  test('the fetch acl() asks them by name', () => {
    const context = contextOf();
    declare(context, 'a', 'path_beg', '/a');
    declare(context, 'b', 'path_beg', '/b');
    expect(evaluate('acl(a)', get, context)).toBe(true);
    expect(evaluate('acl(a,b)', get, context)).toBe(false);
    expect(evaluate('acl(a,!b,METH_GET)', get, context)).toBe(true);
    expect(() => evaluate('acl(c)', get, context)).toThrow(Refusal);
  });
});

describe('pattern files', () => {
  test('lines are patterns, comments and blank lines are none, blanks in front are dropped', () => {
    const path = file('list', '# comment\n\n/x\n  /a/b\n #y\n');
    expect(condition(`{ path -f ${path} }`, get)).toBe(true);
    expect(condition(`{ path -f ${path} }`, transactionOf({ uri: '/x' }))).toBe(true);
    expect(condition(`{ url -f ${path} }`, transactionOf({ uri: '#y' }))).toBe(true);
    expect(condition(`{ path -f ${path} }`, transactionOf({ uri: '/y' }))).toBe(false);
  });

  test('-i holds for what follows it', () => {
    const exact = file('exact', '/A\n');
    const loose = file('loose', '/B\n');
    const text = `{ path -f ${exact} -i -f ${loose} /C }`;
    expect(condition(text, transactionOf({ uri: '/a' }))).toBe(false);
    expect(condition(text, transactionOf({ uri: '/b' }))).toBe(true);
    expect(condition(text, transactionOf({ uri: '/c' }))).toBe(true);
  });

  test('-M takes the keys of a map', () => {
    const path = file('map', '/a/b value\n');
    expect(condition(`{ path -M -f ${path} }`, get)).toBe(true);
  });

  test('an optional file may be missing, a virtual one is empty', () => {
    expect(condition(`{ path -f opt@${folder}/none }`, get)).toBe(false);
    expect(condition('{ path -f virt@list }', get)).toBe(false);
    expect(() => condition(`{ path -f ${folder}/none }`, get)).toThrow(/failed to open pattern file/);
  });

  test('what is added to or removed from the list counts at once', () => {
    const context = contextOf();
    const path = file('changing', '/nothing\n');
    const compiled = compiler.condition(wordsOf(['if', '{', 'path', '-f', path, '}']), context)!;
    const reference = context.scope!.global.extension(PATTERNS).open(path, false);
    expect(compiled.evaluate(get)).toBe(false);
    reference.add('/a/b');
    expect(compiled.evaluate(get)).toBe(true);
    reference.delete('/a/b');
    expect(compiled.evaluate(get)).toBe(false);
  });
});
