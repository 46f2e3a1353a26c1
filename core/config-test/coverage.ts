import type { LoadedConfig } from '../config/load.ts';
import type { Source } from '../config/sources.ts';
import type { Outcome as ProbeOutcome, Probe, ProbedLine } from '../expression/probe.ts';
import type { Outcome } from './outcome.ts';

/** Something that tests should have made happen. */
export interface CoverageItem extends ProbedLine {
  readonly kind: 'rule' | 'condition' | 'acl' | 'frontend' | 'backend' | 'server';
  /** Its turn came: a condition was asked, a rule's condition too. */
  reached: number;
  /** It came true, was applied, was chosen. */
  covered: number;
}

/**
 * Which rules, conditions and ACLs of a configuration were ever true, and which frontends, backends and servers were used, over all
 * cases that are about it.
 */
export class Coverage implements Probe {
  /** By kind, place and name. */
  readonly #items = new Map<string, CoverageItem>();
  /** A rule and its condition are one line. */
  readonly #conditions = new Map<string, CoverageItem>();

  /** Lines by file. */
  readonly #texts = new Map<string, readonly string[]>();

  #item(kind: CoverageItem['kind'], key: string, line: ProbedLine): CoverageItem {
    const name = `${kind} ${line.file}:${line.line} ${key}`;
    let item = this.#items.get(name);
    if (item === undefined) {
      item = { kind, file: line.file, line: line.line, text: line.text, reached: 0, covered: 0 };
      this.#items.set(name, item);
    }
    return item;
  }

  acl(line: ProbedLine & { readonly name: string }): ProbeOutcome {
    return counting(this.#item('acl', line.text, line));
  }

  condition(line: ProbedLine): ProbeOutcome {
    const item = this.#item('condition', '', line);
    this.#conditions.set(`${line.file}:${line.line}`, item);
    return counting(item);
  }

  rule(line: ProbedLine & { readonly conditional: boolean }): () => void {
    const condition = line.conditional ? this.#conditions.get(`${line.file}:${line.line}`) : undefined;
    if (condition !== undefined) {
      // The rule's own words say more than those of its condition alone.
      Object.assign(condition, { kind: 'rule', text: line.text });
      return () => {};
    }
    const item = this.#item('rule', '', line);
    return () => {
      item.reached++;
      item.covered++;
    };
  }

  /** What the configuration has besides; `sources` are the files as their author knows them. */
  declare(config: LoadedConfig, sources: readonly Source[]): void {
    for (const { name, text } of sources) this.#texts.set(name, text.split('\n'));
    for (const { name, file, line, isFrontend, isBackend, binds, servers, settings } of config.proxies) {
      if (settings.disabled) continue;
      if (isFrontend && binds.length > 0) this.#item('frontend', name, { file, line, text: `frontend ${name}` });
      if (isBackend && servers.length > 0) this.#item('backend', name, { file, line, text: `backend ${name}` });
      for (const server of servers) {
        const text = `server ${name}/${server.name}`;
        this.#item('server', text, { file: server.file, line: server.line, text });
      }
    }
  }

  /** A request, or a connection of mode tcp, went this way. */
  went({ observation: { frontend, backend, server } }: Outcome): void {
    for (const item of this.#items.values()) {
      const used =
        (item.kind === 'frontend' && item.text === `frontend ${frontend}`) ||
        (item.kind === 'backend' && item.text === `backend ${backend}`) ||
        (item.kind === 'server' && item.text === `server ${backend}/${server}`);
      if (!used) continue;
      item.reached++;
      item.covered++;
    }
  }

  get items(): readonly CoverageItem[] {
    return [...this.#items.values()].map((item) => {
      // Of some lines only the condition was told, and some are others in a test.
      const isLine = item.kind === 'condition' || item.kind === 'rule';
      const written = isLine ? this.#texts.get(item.file)?.[item.line - 1] : undefined;
      return written === undefined ? item : { ...item, text: written.trim() };
    });
  }
}

function counting(item: CoverageItem): ProbeOutcome {
  return (holds) => {
    item.reached++;
    if (holds) item.covered++;
  };
}

/** Cut, so that 100 means all; 0 where there is nothing, as when no configuration could be read. */
export function percentage(items: readonly CoverageItem[]): number {
  if (items.length === 0) return 0;
  return Math.floor((items.filter(({ covered }) => covered > 0).length / items.length) * 1000) / 10;
}
