export { dumpConfig } from './dump.ts';
export { evaluateCondition, type Evaluation } from './evaluate.ts';
export { formatDiagnostic, locateDiagnostic, type Diagnostic, type Severity } from './diagnostics.ts';
export { BRANCH, VERSION, featureList, hasFeature } from './features.ts';
export type { PluginSpec } from './line.ts';
export { loadConfig, type LoadedConfig, type LoadedPlugin, type LoadOptions } from './load.ts';
export type { ProxyHooks, ProxySection } from './proxy-config.ts';
export { SourceError, type Source, type SourceSpec } from './sources.ts';
