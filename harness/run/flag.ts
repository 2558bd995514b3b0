/**
 * Flags as data: what a command, or a target, can be told on the command line.
 *
 * @module
 */

/**
 * What a flag takes. `default` is its value when it is left out; without one it is `undefined` then. `about` is its
 * line in `--help`, and `value` what stands for its value there.
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

/** The flags that a command or a target knows, by name without dashes. */
export type FlagSpec = Readonly<Record<string, Flag>>;

/**
 * The values that were given for a target's own flags, by name without dashes; a flag that was left out is absent,
 * unless it has a default. `"--"` holds the words behind a lone `--`, where there are some.
 */
export type FlagValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
