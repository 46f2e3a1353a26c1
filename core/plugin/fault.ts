/** What code of a plugin threw where nobody but its words' owner can be blamed: it goes up under the plugin's name. */
export class PluginFault extends Error {
  readonly plugin: string;
  /** What of it was at work: `sample fetch 'geoip'`. */
  readonly where: string;
  /** It has been logged and counted. */
  readonly told: boolean;

  constructor(plugin: string, where: string, error: unknown, told: boolean) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
    this.plugin = plugin;
    this.where = where;
    this.told = told;
  }
}

/** Who logs and counts failures of plugins; a generation in traffic. */
export interface FaultDesk {
  /** Logs and counts it. True where `plugin-errors` says that the plugin's failures are to be ignored. */
  pluginFailed(plugin: string, where: string, error: unknown): boolean;
}

/** Told of a throw, gives nothing in its place where it is to be ignored. */
export function failed(desk: unknown, plugin: string, where: string, error: unknown): undefined {
  // Inner code of another plugin has been blamed already.
  if (error instanceof PluginFault) throw error;
  const told = isDesk(desk);
  if (told && desk.pluginFailed(plugin, where, error)) return undefined;
  throw new PluginFault(plugin, where, error, told);
}

export function isDesk(value: unknown): value is FaultDesk {
  return typeof value === 'object' && value !== null && 'pluginFailed' in value;
}
