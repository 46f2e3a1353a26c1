/** What a plugin can be told behind its name on its `plugin-load` line, by name. */
export type PluginOptions = Readonly<Record<string, PluginOption>>;

/**
 * One option: `key value` or `key=value`, in any order. HAProxy's units: a `time` is in milliseconds, a `size` in bytes. A `path` is seen
 * from the folder of the configuration file and comes absolute. A `flag` has no value: it is there or not.
 */
export interface PluginOption {
  readonly type: 'string' | 'integer' | 'time' | 'size' | 'path' | 'flag';
  /** One sentence. */
  readonly summary: string;
  readonly required?: boolean;
  /** What stands for an option that is not there. */
  readonly default?: string | number;
  /** The only strings that are taken. */
  readonly values?: readonly string[];
  /** Bounds of numbers, in the unit that the plugin gets. */
  readonly min?: number;
  readonly max?: number;
  /** The unit of a `time` without one; milliseconds if left out. */
  readonly unit?: 'us' | 'ms' | 's';
  /** May stand several times: the plugin gets an array, empty if it is not there. */
  readonly repeated?: boolean;
}

type ValueOf<O extends PluginOption> = O extends { readonly values: readonly (infer V)[] }
  ? V
  : O['type'] extends 'flag'
    ? boolean
    : O['type'] extends 'string' | 'path'
      ? string
      : number;

/** The values of a plugin's options, as its `setup` gets them. */
export type OptionValues<Options extends PluginOptions> = {
  readonly [Name in keyof Options]: Options[Name] extends { readonly repeated: true }
    ? readonly ValueOf<Options[Name]>[]
    : Options[Name] extends
          | { readonly type: 'flag' }
          | { readonly required: true }
          | { readonly default: string | number }
      ? ValueOf<Options[Name]>
      : ValueOf<Options[Name]> | undefined;
};
