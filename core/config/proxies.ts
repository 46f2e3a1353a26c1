import type { Build } from './build.ts';
import { readDirective } from './directives.ts';
import type { ConfigLine } from './line.ts';
import type { Token } from './lexer.ts';
import { nearest } from './nearest.ts';
import { ProxySection, proxyTitle } from './proxy-config.ts';
import { LineWords } from './words.ts';

type Kind = ProxySection['kind'];

const FORBIDDEN = /[^A-Za-z0-9._:-]/;
/** What only an address looks like, behind the name of a `listen` section. */
const ADDRESS = /^\/|:[\d-]+(?:,|$)|@/;

/** Who took a defaults section for its settings, and how. */
interface Use {
  explicit: boolean;
  implicit: boolean;
  told: boolean;
  frontend: boolean;
  backend: boolean;
}

/** Opens `defaults`, `frontend`, `backend` and `listen` sections. configuration.txt 4. */
export class ProxyOpener {
  readonly #build: Build;
  readonly #uses = new WeakMap<ProxySection, Use>();

  constructor(build: Build) {
    this.#build = build;
  }

  /** A section is always opened, be its line wrong or not, so that the errors of its lines are found as well. */
  open(kind: Kind, line: ConfigLine): ProxySection {
    const { file, number, tokens } = line;
    const words = new LineWords(file, tokens, 1, kind, 'plain', this.#build.diagnostics);
    const says: { name: string; from: string | undefined; extra: readonly Token[] } = {
      name: '',
      from: undefined,
      extra: [],
    };
    this.#guard(words, () => {
      // `defaults from x` has no name; in the other sections the first word is the name, whatever it is.
      if (kind !== 'defaults') {
        says.name = words.next('an <id> argument');
      } else if (words.peek() !== undefined && !(words.peek() === 'from' && words.remaining > 1)) {
        says.name = words.next('a name');
      }
      says.extra = tokens.slice(tokens.length - words.remaining);
      if (words.optional('from') !== undefined) {
        says.extra = [];
        says.from = words.next(`the name of a 'defaults' section behind 'from'`);
        words.end();
      }
    });
    if (kind !== 'defaults') this.#guard(words, () => checkName(kind, says.name, words));
    const parent = this.#parent(kind, says.name, says.from, words);
    const section = new ProxySection(kind, says.name, file, number, this.#build.compiler.newAcls(), parent);
    if (parent) this.#guard(words, () => this.#checkRules(kind, parent, words));
    if (kind === 'defaults') this.#build.defaults.push(section);
    else this.#declare(section, words);
    this.#guard(words, () => this.#extra(section, line, says.extra, words));
    return section;
  }

  #guard(words: LineWords, check: () => void): void {
    this.#build.guard(words, 'language', check);
  }

  #declare(section: ProxySection, words: LineWords): void {
    const other = this.#build.names.any(section.name);
    if (section.name === '') return;
    this.#build.proxies.push(section);
    if (!other) return;
    this.#guard(words, () =>
      words.fail(
        `${proxyTitle(section.kind)} '${section.name}' has the same name as ${proxyTitle(other.kind)} '${other.name}' declared at ${other.file}:${other.line}.`,
      ),
    );
  }

  /** The defaults section to start from: the one named, else the last one before; defaults start from none by themselves. */
  #parent(kind: Kind, name: string, from: string | undefined, words: LineWords): ProxySection | undefined {
    const all = this.#build.defaults;
    if (from === undefined) {
      const last = kind === 'defaults' ? undefined : all.at(-1);
      if (last) this.#use(last, 'implicit', words);
      return last;
    }
    const [found, second] = all.filter((candidate) => candidate.name === from && from !== '');
    const title = `${proxyTitle(kind)} '${name}'`;
    this.#guard(words, () => {
      if (!found) {
        const close = nearest(
          from,
          all.map((candidate) => candidate.name),
        );
        words.fail(
          `defaults section '${from}' not found for ${title}.${close === undefined ? '' : ` Did you mean '${close}' maybe ?`}`,
        );
      }
      const bad = FORBIDDEN.exec(from);
      if (bad)
        words.fail(
          `character '${bad[0]}' is not permitted in defaults section name '${from}' when designated by its name (section found at ${found.file}:${found.line}).`,
        );
      if (second)
        words.fail(
          `ambiguous defaults section name '${from}' referenced by ${title} exists at least at ${found.file}:${found.line} and ${second.file}:${second.line}.`,
        );
      this.#use(found, 'explicit', words);
    });
    return found;
  }

  #use(defaults: ProxySection, how: 'explicit' | 'implicit', words: LineWords): void {
    const use = this.#useOf(defaults);
    use[how] = true;
    if (!use.explicit || !use.implicit || use.told) return;
    use.told = true;
    words.warn(
      `defaults section '${defaults.name}' (declared at ${defaults.file}:${defaults.line}) is explicitly referenced by another proxy and implicitly used here, or the other way round. To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly used or always use explicit references.`,
    );
  }

  #useOf(defaults: ProxySection): Use {
    let use = this.#uses.get(defaults);
    if (!use) {
      use = { explicit: false, implicit: false, told: false, frontend: false, backend: false };
      this.#uses.set(defaults, use);
    }
    return use;
  }

  /** Rules of a defaults section are compiled for one side; who they serve is limited accordingly. */
  #checkRules(kind: Kind, parent: ProxySection, words: LineWords): void {
    if (parent.rules.size === 0) return;
    const where = `(defaults section at ${parent.file}:${parent.line})`;
    if (kind === 'defaults')
      words.fail(`a defaults section cannot inherit from a defaults section defining TCP/HTTP rules ${where}.`);
    if (kind === 'listen')
      words.fail(`a listen section cannot inherit from a defaults section defining TCP/HTTP rules ${where}.`);
    const use = this.#useOf(parent);
    if (kind === 'frontend') use.frontend = true;
    else use.backend = true;
    if (use.frontend && use.backend)
      words.fail(
        `frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules ${where}.`,
      );
  }

  /** `listen name addr:port`, as old tutorials have it, says what a `bind` line would. */
  #extra(section: ProxySection, line: ConfigLine, extra: readonly Token[], words: LineWords): void {
    const [first] = extra;
    if (!first) return;
    words.next('');
    if (section.isFrontend && section.kind !== 'defaults' && ADDRESS.test(first.text)) {
      words.warn(
        `please use the 'bind' keyword for listening addresses: '${section.kind} ${section.name} ${first.text}' is read as if 'bind ${first.text}' stood on a line of its own.`,
      );
      words.rest();
      const bind: Token = { text: 'bind', column: first.column, width: 4, line: first.line };
      readDirective(this.#build, { ...line, tokens: [bind, ...extra] }, section);
      return;
    }
    words.fail(`'${section.kind}' cannot handle unexpected argument '${first.text}'.`);
  }
}

function checkName(kind: Kind, name: string, words: LineWords): void {
  const bad = FORBIDDEN.exec(name);
  if (bad) words.fail(`character '${bad[0]}' is not permitted in '${kind}' name '${name}'.`);
}
