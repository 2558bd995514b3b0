/**
 * Flags as data: the options of a command or a target on the command line.
 *
 * @module
 */

/**
 * The definition of a flag. `default` is its value if it is left out; without a default that is `undefined`. `about` is
 * its line in `--help`, and `value` the placeholder of its value there.
 */
export type Flag =
  | { readonly type: "boolean"; readonly short?: string; readonly about?: string }
  | {
    readonly type: "string";
    readonly short?: string;
    readonly default?: string;
    readonly oneOf?: readonly string[];
    readonly value?: string;
    readonly about?: string;
  }
  | { readonly type: "strings"; readonly value?: string; readonly about?: string }
  | {
    readonly type: "integer" | "number";
    readonly default?: number;
    readonly min?: number;
    readonly max?: number;
    readonly about?: string;
  };

/** The flags of a command or a target, by name without dashes. */
export type FlagSpec = Readonly<Record<string, Flag>>;

/**
 * The given values of a target's own flags, by name without dashes. A flag that was left out is absent, unless it has a
 * default. `"--"` holds the words after a lone `--`, if there are any.
 */
export type FlagValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
