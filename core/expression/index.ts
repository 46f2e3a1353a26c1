import type { Condition, Expression, Format, Names, ProxyConfig, Samples, Scope, Words } from '../api/index.ts';
import type { Keywords } from '../plugin/registry.ts';
import { type AclTables, type AclTest, compileAcl } from './acl.ts';
import type { AclTable, CompileContext, Compiler, RunTimeContext } from './compiler.ts';
import { NamedAcl, readCondition } from './condition.ts';
import { PREDEFINED } from './derived.ts';
import { ExpressionError } from './errors.ts';
import { type FormatStyle, compileFormat } from './format.ts';
import { NamedSamples } from './named-samples.ts';
import { type Continuation, readSample } from './sample.ts';
import { type Probe, probedAcl, probedCondition } from './probe.ts';
import { isReadable, sourceNeeds } from './sources.ts';

/** The compiler over the words of one configuration generation. `probe` watches what conditions and ACLs come to. */
export function createCompiler(keywords: Keywords, probe?: Probe): Compiler {
  return new ExpressionCompiler(keywords, probe);
}

class Acls implements AclTable {
  readonly names: Map<string, NamedAcl> = new Map();
}

interface WordContext {
  readonly scope: Scope | undefined;
  later(check: (names: Names) => void): void;
  warn(message: string): void;
  path(file: string): string;
  acl(name: string): NamedAcl | undefined;
}

class ExpressionCompiler implements Compiler {
  readonly #tables: AclTables;
  readonly #predefined = new Map<string, NamedAcl>();
  readonly #probe: Probe | undefined;

  constructor(keywords: Keywords, probe: Probe | undefined) {
    this.#tables = keywords;
    this.#probe = probe;
  }

  newAcls(): AclTable {
    return new Acls();
  }

  acl(words: Words, context: CompileContext): void {
    const { names } = context.acls as Acls;
    const name = words.next('a name');
    const forbidden = /[^A-Za-z0-9_.:-]/.exec(name);
    if (forbidden) words.fail(`character '${forbidden[0]}' is not permitted in acl name '${name}'`);
    if (name === 'or')
      words.fail("acl name 'or' will never match. 'or' is used to express a logical disjunction within a condition");
    const test = refusing(
      words,
      (message) => `error detected while parsing ACL '${name}' : ${message}`,
      () => compileAcl(words.rest(), this.#tables, this.#wordContext(words, context)),
    );
    const named = names.get(name) ?? new NamedAcl(name);
    const { file, line } = words;
    const outcome = this.#probe?.acl({ file, line, name, text: `acl ${name} ${test.text}` });
    named.add(outcome === undefined ? test : probedAcl(test, outcome));
    names.set(name, named);
  }

  expression(words: Words, context: CompileContext, skip = 0): Expression {
    return refusing(words, plain, () => {
      const text = words.peek();
      if (text === undefined) throw new ExpressionError('missing fetch method');
      words.next('a sample expression');
      let last = text;
      const continuation: Continuation = {
        peek: () => words.peek(),
        take: () => {
          last = words.next('a converter');
        },
      };
      const { sample, end } = readSample(text, skip, this.#tables, this.#wordContext(words, context), continuation);
      if (end < last.length)
        throw new ExpressionError(
          sample.hasConverters
            ? `missing comma after converter '${sample.lastWord}'`
            : `missing comma after fetch keyword '${sample.text}'`,
        );
      if (!isReadable(sample.source, context.places))
        throw new ExpressionError(
          `fetch method '${sample.text}' extracts information from '${sourceNeeds(sample.source)}', none of which is available here`,
        );
      return {
        text: sample.text,
        type: sample.type,
        source: sample.source,
        evaluate: sample.evaluate,
        some: sample.some,
      };
    });
  }

  format(text: string, words: Words, context: CompileContext): Format {
    return refusing(words, plain, () =>
      compileFormat(text, this.#tables, {
        ...this.#wordContext(words, context),
        places: context.places,
        style: styleOf(words.keyword),
      }),
    );
  }

  condition(words: Words, context: CompileContext): Condition | undefined {
    const { names } = context.acls as Acls;
    const inner = this.#wordContext(words, context);
    const condition = refusing(
      words,
      (message) => `error detected while parsing a '${words.keyword}' condition : ${message}`,
      () =>
        readCondition(words, {
          places: context.places,
          find: (name) => inner.acl(name),
          known: () => [...names.keys(), ...Object.keys(PREDEFINED)],
          anonymous: (acl): AclTest => compileAcl(acl, this.#tables, inner),
        }),
    );
    if (condition === undefined || this.#probe === undefined) return condition;
    const { file, line, keyword } = words;
    return probedCondition(condition, this.#probe.condition({ file, line, text: `${keyword} … ${condition.text}` }));
  }

  samples(contextOf: (proxy: ProxyConfig | undefined) => RunTimeContext): Samples {
    return new NamedSamples(this.#tables, (proxy) => {
      const { scope, acls, later, path } = contextOf(proxy);
      const { names } = acls as Acls;
      const inner: WordContext = {
        scope,
        later,
        warn: () => undefined,
        path,
        acl: (name) => names.get(name) ?? this.#findPredefined(name, inner),
      };
      return inner;
    });
  }

  #wordContext(words: Words, context: CompileContext): WordContext {
    const { names } = context.acls as Acls;
    const inner: WordContext = {
      scope: context.scope,
      later: (check) => context.later((all) => refusing(words, plain, () => check(all))),
      warn: (message) => words.warn(message),
      path: (file) => context.scope?.path(file, words) ?? file,
      acl: (name) => names.get(name) ?? this.#findPredefined(name, inner),
    };
    return inner;
  }

  #findPredefined(name: string, context: WordContext): NamedAcl | undefined {
    const known = this.#predefined.get(name);
    const words = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined;
    if (known || !words) return known;
    const named = new NamedAcl(name);
    named.add(compileAcl(words, this.#tables, context));
    this.#predefined.set(name, named);
    return named;
  }
}

const plain = (message: string): string => message;

/** Reports what the compiler refuses at the words' line. */
function refusing<T>(words: Words, phrase: (message: string) => string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof ExpressionError) return words.fail(phrase(error.message));
    throw error;
  }
}

/** Log lines mark what is missing; everything else is part of a message. configuration.txt 8.2.6. */
function styleOf(keyword: string): FormatStyle {
  if (/^(?:log-format|error-log-format|log-format-sd|option (?:http|https|tcp)log|on|do-log)\b/.test(keyword))
    return 'log';
  if (/^(?:(?:tcp|http)-check|option httpchk)\b/.test(keyword)) return 'check';
  return keyword.startsWith('unique-id-format') ? 'unique-id' : 'message';
}
