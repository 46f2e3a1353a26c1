import type { Extension, ProxyConfig, Scope, Words } from 'sluice/plugin';
import type { HttpRequest } from './http-request.ts';
import type { Scene, Step } from './steps.ts';

/** The rules of one kind that a proxy has: its own, or those of its `defaults` section. */
export interface RuleList {
  readonly steps: Step[];
  /** They came from the `defaults` section, and give way to the first of the proxy's own. */
  readonly inherited: boolean;
}

/** What a proxy's lines say of checks. */
export interface CheckRules {
  tcp: RuleList;
  http: RuleList;
  /** The request that `option httpchk` and the first `http-check send` describe together. */
  request: HttpRequest;
  /** An `http-check send` has had its part in it: `option httpchk` adds to that, and else begins anew. */
  requestByRule: boolean;
  requestInherited: boolean;
  disableOn404: boolean;
  sendState: boolean;
  /** `external-check command` and `path`. */
  command: string | undefined;
  path: string;
  /** Words of a line that has no effect without an option: said once for each. */
  readonly warned: Set<string>;
}

const inherit = (from: RuleList): RuleList => ({ steps: from.steps, inherited: from.steps.length > 0 });

export const CHECK_RULES: Extension<CheckRules> = {
  name: 'checks: rules',
  create: () => ({
    tcp: { steps: [], inherited: false },
    http: { steps: [], inherited: false },
    request: {},
    requestByRule: false,
    requestInherited: false,
    disableOn404: false,
    sendState: false,
    command: undefined,
    path: '',
    warned: new Set(),
  }),
  inherit: (from) => ({
    ...from,
    tcp: inherit(from.tcp),
    http: inherit(from.http),
    requestInherited: true,
    warned: new Set(),
  }),
};

const NONE = CHECK_RULES.create();

/** The rules of the backend that is being checked. */
export function rulesOf({ server }: Pick<Scene, 'server'>): CheckRules {
  return server.backend.extension(CHECK_RULES) ?? NONE;
}

/** Says of each proxy once what a line of it does not do, when all is read and `unused` holds. */
export function warnUnused(
  words: Words,
  scope: Scope,
  key: string,
  unused: (proxy: ProxyConfig) => string | undefined,
): void {
  const { proxy } = scope;
  if (proxy.kind === 'defaults') return;
  const { warned } = proxy.extension(CHECK_RULES);
  if (warned.has(key)) return;
  warned.add(key);
  scope.later(() => {
    const message = proxy.isBackend ? unused(proxy) : undefined;
    if (message !== undefined) words.warn(message);
  });
}
