import type { LoadedConfig } from './load.ts';
import type { ProxySection } from './proxy-config.ts';
import { BindLine } from './bind-config.ts';
import { GlobalSection } from './global-config.ts';
import { ServerLine } from './server-config.ts';
import { defaultGlobalSettings, defaultProxySettings } from './settings.ts';

/**
 * The configuration as it was understood, one section after another: everything that is not at its default, rules in the
 * order in which they run. For people and golden tests; no configuration file.
 */
export function dumpConfig(config: LoadedConfig): string {
  const out: string[] = [];
  const settings = changes(config.global.settings, defaultGlobalSettings());
  const extensions = config.global instanceof GlobalSection ? [...config.global.extensions.entries()] : [];
  if (settings.length + extensions.length > 0) {
    out.push('global', ...settings, ...extensions.map(([name, state]) => `  ${name}: ${show(state)}`));
  }
  for (const section of [...config.defaults, ...config.proxies]) out.push(...dumpProxy(section));
  for (const kind of config.keywords.sections.keys()) {
    for (const [name, section] of config.names.sections<object>(kind))
      out.push(`${kind} ${name}`.trimEnd(), `  ${show(section)}`);
  }
  return out.map((line) => `${line}\n`).join('');
}

function dumpProxy(proxy: ProxySection): string[] {
  const origin = proxy.defaults ? ` from '${proxy.defaults.name}' (line ${proxy.defaults.line})` : '';
  const id = proxy.kind === 'defaults' ? '' : ` id ${proxy.id}`;
  const out = [`${proxy.kind} '${proxy.name}'${id}${origin}`];
  out.push(...changes(proxy.settings, defaultProxySettings()));
  for (const [name, state] of proxy.extensions.entries()) out.push(`  ${name}: ${show(state)}`);
  for (const bind of proxy.binds)
    out.push(`  bind ${described(bind, new BindLine([], '', 0), bind.addresses.join(','))}`);
  const model = new ServerLine('', '', '', 0);
  const common = described(proxy.defaultServer, model, '');
  if (common !== '') out.push(`  default-server${common}`);
  for (const server of proxy.servers)
    out.push(`  server ${described(server, model, `${server.name} ${server.address}`)}`);
  for (const [set, rules] of proxy.rules) {
    for (const rule of rules) {
      const action = rule.text.replace(`${set} `, '');
      out.push(`  ${set}: ${action} [line ${rule.line}, ${rule.plugin}${rule.final ? ', final' : ''}]`);
    }
  }
  for (const [hook, functions] of Object.entries(proxy.hooks))
    if (functions.length > 0) out.push(`  ${hook}: ${functions.length}`);
  return out;
}

/** The fields that differ from those of `model`. */
function changes(settings: object, model: object): string[] {
  const defaults = new Map(Object.entries(model));
  return Object.entries(settings)
    .filter(([name, value]) => show(value) !== show(defaults.get(name)))
    .map(([name, value]) => `  ${name}: ${show(value)}`);
}

const NAMED: ReadonlySet<string> = new Set(['name', 'address', 'addresses', 'file', 'line']);

function described(line: BindLine | ServerLine, model: object, title: string): string {
  const defaults = new Map(Object.entries(model));
  const fields = Object.entries(line)
    .filter(([name]) => !NAMED.has(name) || (name === 'name' && line instanceof BindLine))
    .filter(([name, value]) => show(value) !== show(defaults.get(name)))
    .map(([name, value]) => ` ${name}=${show(value)}`);
  const extensions = [...line.extensions.entries()].map(([name, state]) => ` ${name}=${show(state)}`);
  return title + fields.join('') + extensions.join('');
}

/** A value on one line. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return '<function>';
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${String(key)}: ${show(item)}`).join(', ')}}`;
  if (value instanceof Set) return `{${[...value].map(String).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  // Formats, expressions and conditions are their text.
  if ('text' in value && 'evaluate' in value) return show(value.text);
  const fields = Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`);
  return `{${fields.join(', ')}}`;
}
