import type { Ruleset } from '../api/keywords.ts';
import type { ChoicePlace, EventHook, LogStep, ProxyConfig, ProxyHook, ProxySettings, Rule } from '../api/settings.ts';
import type { Backend, Extension, Frontend, Server } from '../api/traffic.ts';
import type { Eventually } from '../api/values.ts';
import type { Verdict } from '../api/hooks.ts';
import type { AclTable } from '../expression/compiler.ts';
import { attributed, attributedEvent } from '../plugin/speaker.ts';
import type { BindLine } from './bind-config.ts';
import { Extensions } from './extensions.ts';
import { ServerLine } from './server-config.ts';
import { defaultProxySettings, inheritProxySettings } from './settings.ts';

/** The functions a proxy's directives asked to be called, in the order of their lines. */
export interface ProxyHooks {
  readonly beforeForward: readonly ProxyHook<void>[];
  readonly beforeRespond: readonly ProxyHook<void>[];
  readonly onRequest: readonly ProxyHook<Eventually<Verdict>>[];
  readonly afterRequestRules: readonly ProxyHook<Eventually<Verdict>>[];
  readonly onResponse: readonly ProxyHook<Eventually<Verdict>>[];
  readonly onLog: readonly ProxyHook<void>[];
  readonly onStep: readonly StepHook[];
  readonly onConnectionError: readonly ProxyHook<void>[];
  readonly onEvent: readonly EventHook[];
  readonly onBackend: readonly ProxyHook<void>[];
  readonly chooseServer: readonly ServerChooser[];
  readonly afterResponseRules: readonly ProxyHook<Eventually<Verdict>>[];
  readonly onFailure: readonly ProxyHook<Verdict>[];
}

/** One function that is told of a step, see `ProxyConfig.onStep`. */
export interface StepHook {
  readonly step: LogStep;
  readonly run: ProxyHook<void>;
}

/** One function that may name a server, see `ProxyConfig.chooseServer`. */
export interface ServerChooser {
  readonly place: ChoicePlace;
  readonly run: ProxyHook<Server | undefined>;
}

/** In the order in which they are asked. */
const PLACES: readonly ChoicePlace[] = ['rule', 'cookie', 'table'];

type Kind = ProxyConfig['kind'];

/** A `defaults`, `frontend`, `backend` or `listen` section. */
export class ProxySection implements ProxyConfig {
  readonly name: string;
  readonly kind: Kind;
  readonly isFrontend: boolean;
  readonly isBackend: boolean;
  id = 0;
  forcedId = true;
  readonly file: string;
  readonly line: number;
  readonly settings: ProxySettings;
  readonly binds: BindLine[] = [];
  readonly servers: ServerLine[] = [];
  readonly defaultServer: ServerLine;
  readonly rules: Map<Ruleset, Rule[]> = new Map();
  readonly running: { frontend: Frontend | undefined; backend: Backend | undefined } = {
    frontend: undefined,
    backend: undefined,
  };
  /** The section's own `acl` lines: those of a defaults section are for its own rules only. */
  readonly acls: AclTable;
  /** The defaults section this one started from. */
  readonly defaults: ProxySection | undefined;
  /** The directives its own lines had that are rules; see `order.ts`. */
  readonly seen: Set<string> = new Set();
  readonly hooks: { [Name in keyof ProxyHooks]: [...ProxyHooks[Name]] };
  readonly #extensions: Extensions;

  constructor(kind: Kind, name: string, file: string, line: number, acls: AclTable, parent: ProxySection | undefined) {
    this.kind = kind;
    this.name = name;
    this.isFrontend = kind !== 'backend';
    this.isBackend = kind !== 'frontend';
    this.file = file;
    this.line = line;
    this.acls = acls;
    this.defaults = parent;
    this.settings = parent ? inheritProxySettings(parent.settings) : defaultProxySettings();
    this.defaultServer = parent ? parent.defaultServer.copy('', '', file, line) : new ServerLine('', '', file, line);
    for (const [set, rules] of parent?.rules ?? []) this.rules.set(set, [...rules]);
    this.hooks = {
      beforeForward: [...(parent?.hooks.beforeForward ?? [])],
      beforeRespond: [...(parent?.hooks.beforeRespond ?? [])],
      onRequest: [...(parent?.hooks.onRequest ?? [])],
      afterRequestRules: [...(parent?.hooks.afterRequestRules ?? [])],
      onResponse: [...(parent?.hooks.onResponse ?? [])],
      onLog: [...(parent?.hooks.onLog ?? [])],
      onStep: [...(parent?.hooks.onStep ?? [])],
      onConnectionError: [...(parent?.hooks.onConnectionError ?? [])],
      onEvent: [],
      onBackend: [...(parent?.hooks.onBackend ?? [])],
      chooseServer: [...(parent?.hooks.chooseServer ?? [])],
      afterResponseRules: [...(parent?.hooks.afterResponseRules ?? [])],
      onFailure: [...(parent?.hooks.onFailure ?? [])],
    };
    this.#extensions = parent?.extensions.inherit() ?? new Extensions();
  }

  addRule(set: Ruleset, rule: Rule): void {
    const rules = this.rules.get(set);
    if (rules) rules.push(rule);
    else this.rules.set(set, [rule]);
  }

  beforeForward(run: ProxyHook<void>): void {
    addOnce(this.hooks.beforeForward, attributed('beforeForward', run));
  }

  beforeRespond(run: ProxyHook<void>): void {
    addOnce(this.hooks.beforeRespond, attributed('beforeRespond', run));
  }

  onRequest(run: ProxyHook<Eventually<Verdict>>): void {
    addOnce(this.hooks.onRequest, attributed('onRequest', run));
  }

  afterRequestRules(run: ProxyHook<Eventually<Verdict>>): void {
    addOnce(this.hooks.afterRequestRules, attributed('afterRequestRules', run));
  }

  onResponse(run: ProxyHook<Eventually<Verdict>>): void {
    addOnce(this.hooks.onResponse, attributed('onResponse', run));
  }

  onLog(run: ProxyHook<void>): void {
    addOnce(this.hooks.onLog, attributed('onLog', run, 'watches'));
  }

  onStep(step: LogStep, hook: ProxyHook<void>): void {
    const { onStep } = this.hooks;
    const run = attributed('onStep', hook, 'watches');
    if (!onStep.some((other) => other.step === step && other.run === run)) onStep.push({ step, run });
  }

  onConnectionError(run: ProxyHook<void>): void {
    addOnce(this.hooks.onConnectionError, attributed('onConnectionError', run, 'watches'));
  }

  onFailure(run: ProxyHook<Verdict>): void {
    addOnce(this.hooks.onFailure, attributed('onFailure', run));
  }

  onEvent(run: EventHook): void {
    addOnce(this.hooks.onEvent, attributedEvent(run));
  }

  onBackend(run: ProxyHook<void>): void {
    addOnce(this.hooks.onBackend, attributed('onBackend', run));
  }

  chooseServer(place: ChoicePlace, hook: ServerChooser['run']): void {
    const { chooseServer } = this.hooks;
    const run = attributed('chooseServer', hook);
    if (chooseServer.some((other) => other.run === run)) return;
    const after = chooseServer.findIndex((other) => PLACES.indexOf(other.place) > PLACES.indexOf(place));
    chooseServer.splice(after < 0 ? chooseServer.length : after, 0, { place, run });
  }

  afterResponseRules(run: ProxyHook<Eventually<Verdict>>): void {
    addOnce(this.hooks.afterResponseRules, attributed('afterResponseRules', run));
  }

  extension<T extends object>(key: Extension<T>): T {
    return this.#extensions.get(key);
  }

  findExtension<T extends object>(key: Extension<T>): T | undefined {
    return this.#extensions.find(key);
  }

  get extensions(): Extensions {
    return this.#extensions;
  }
}

function addOnce<F>(list: F[], run: F): void {
  if (!list.includes(run)) list.push(run);
}

/** How HAProxy calls a proxy in its messages. */
export function proxyTitle(kind: Kind): string {
  return kind === 'listen' ? 'proxy' : kind;
}
