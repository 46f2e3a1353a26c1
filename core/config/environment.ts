import { BRANCH, VERSION } from './features.ts';

/** configuration.txt 2.3: what HAProxy defines for use in the configuration. The formats are those of section 8.2. */
const PREDEFINED: Readonly<Record<string, string>> = {
  HAPROXY_STARTUP_VERSION: VERSION,
  HAPROXY_BRANCH: BRANCH,
  HAPROXY_HTTP_LOG_FMT:
    '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r',
  HAPROXY_HTTP_CLF_LOG_FMT:
    '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl',
  HAPROXY_HTTPS_LOG_FMT:
    '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc',
  HAPROXY_TCP_LOG_FMT: '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq',
  HAPROXY_TCP_CLF_LOG_FMT:
    '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq "" "" ',
};

/** The environment as the configuration sees and changes it; the process's own is left alone. */
export class Environment {
  readonly #variables: Map<string, string>;

  constructor(inherited: Readonly<Record<string, string | undefined>>, defines: Readonly<Record<string, string>> = {}) {
    this.#variables = new Map();
    for (const source of [PREDEFINED, inherited, defines])
      for (const [name, value] of Object.entries(source)) if (value !== undefined) this.#variables.set(name, value);
  }

  get(name: string): string | undefined {
    return this.#variables.get(name);
  }

  set(name: string, value: string): void {
    this.#variables.set(name, value);
  }

  /** `presetenv`: sets what is not there yet. */
  preset(name: string, value: string): void {
    if (!this.#variables.has(name)) this.#variables.set(name, value);
  }

  unset(names: readonly string[]): void {
    for (const name of names) this.#variables.delete(name);
  }

  /** `resetenv`: forgets all but these. */
  reset(kept: readonly string[]): void {
    for (const name of this.#variables.keys()) if (!kept.includes(name)) this.#variables.delete(name);
  }

  entries(): ReadonlyMap<string, string> {
    return this.#variables;
  }
}
