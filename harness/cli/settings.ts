/**
 * Reads flags from a file and from the environment. The command line takes precedence over variables, and variables
 * over the file.
 *
 * ```text
 * # a comment
 * listen = 10.0.0.1:7101
 * peer = 2=10.0.0.2:7101        a flag that may be given several times takes several lines
 * insecure = true
 * ```
 *
 * The variable for `--max-clients` is `KAYA_MAX_CLIENTS`. For a flag that may be given several times, spaces separate
 * the values.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { fileErrorInWords } from "./file_error.ts";
import { type Flag, type FlagSpec, nearest, parseFlags, UsageError } from "./flags.ts";
import { variable } from "./secret_file.ts";
import { variableOf } from "./variables.ts";

/** The flag that names the file. */
export const CONFIG_FLAG = {
  type: "string",
  value: "FILE",
  about: "a file with flags, one NAME = VALUE per line",
} as const;

/** Where a value was found: `kaya.conf:3`, `KAYA_TICK`. */
interface Setting {
  readonly name: string;
  readonly value: string;
  readonly where: string;
}

/** The arguments, preceded by those from the file and the environment. */
export function withSettings(args: readonly string[], spec: FlagSpec, own: readonly string[] = []): string[] {
  const given = givenNames(args);
  const path = configOf(args);
  const fromEnvironment = Object.entries(spec).flatMap(([name, flag]) =>
    name === "config" || own.includes(name) ? [] : settingsOfVariable(name, flag)
  );
  const named = new Set(fromEnvironment.map(({ name }) => name));
  const fromFile = path === undefined ? [] : readSettings(path, spec).filter(({ name }) => !named.has(name));
  const added: string[] = [];
  for (const setting of [...fromFile, ...fromEnvironment]) {
    if (!given.has(setting.name)) added.push(...argumentsOf(setting, spec));
  }
  return [...added, ...args];
}

function givenNames(args: readonly string[]): Set<string> {
  return new Set(args.flatMap((arg) => /^--([a-z-]+)(?:=|$)/.exec(arg)?.slice(1) ?? []));
}

function configOf(args: readonly string[]): string | undefined {
  for (const [i, arg] of args.entries()) {
    if (arg.startsWith("--config=")) return arg.slice("--config=".length);
    if (arg === "--config") return args[i + 1];
  }
  return variable("KAYA_CONFIG");
}

function settingsOfVariable(name: string, flag: Flag): Setting[] {
  const where = variableOf(name);
  const text = variable(where);
  if (text === undefined) return [];
  const values = flag.type === "strings" ? text.split(/\s+/).filter((value) => value !== "") : [text];
  return values.map((value) => ({ name, value, where }));
}

function readSettings(path: string, spec: FlagSpec): Setting[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--config: cannot read ${path}: ${fileErrorInWords(error)}`);
  }
  const settings: Setting[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const where = `${path}:${i + 1}`;
    const match = /^([A-Za-z][\w-]*)\s*=\s*(.*)$/.exec(trimmed);
    if (match === null) {
      throw new UsageError(`${where}: NAME = VALUE was expected, but found ${JSON.stringify(trimmed)}`);
    }
    const [name, value] = [match[1]!, match[2]!];
    if (name === "config") throw new UsageError(`${where}: a file cannot name another one: config is a flag only`);
    if (!Object.hasOwn(spec, name)) {
      throw new UsageError(`${where}: unknown name ${name}${nearest(name, Object.keys(spec))}`);
    }
    const earlier = spec[name]!.type === "strings" ? undefined : settings.find((setting) => setting.name === name);
    if (earlier !== undefined) throw new UsageError(`${where}: ${name} is already given at ${earlier.where}`);
    settings.push({ name, value, where });
  }
  return settings;
}

/** The arguments for one setting. It is checked alone, so that an error names its place. */
function argumentsOf({ name, value, where }: Setting, spec: FlagSpec): string[] {
  const flag = spec[name]!;
  if (flag.type === "boolean") {
    if (/^(?:true|yes|on|1)$/i.test(value)) return [`--${name}`];
    if (/^(?:false|no|off|0|)$/i.test(value)) return [];
    throw new UsageError(`${where}: ${name} takes true or false, but was given ${JSON.stringify(value)}`);
  }
  const arg = `--${name}=${value}`;
  try {
    parseFlags([arg], { [name]: flag });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${where}: ${error.message}`) : error;
  }
  return [arg];
}
