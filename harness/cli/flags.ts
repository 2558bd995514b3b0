/**
 * Parses the flags of the command line with `node:util`, and checks them, so that wrong usage gives one clear line.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { columns } from "../report/columns.ts";
import type { Flag, FlagSpec } from "../run/flag.ts";

export type { Flag, FlagSpec } from "../run/flag.ts";

/** Wrong usage. The program prints the message on one line and exits with 254. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** `--help` was given. The program prints the message to stdout and exits with 0. */
export class HelpRequest extends Error {
  override name = "HelpRequest";
}

type ValueOf<F extends Flag> = F extends { type: "boolean" } ? boolean
  : F extends { type: "strings" } ? string[]
  : F extends { type: "string"; default: string } ? string
  : F extends { type: "string" } ? string | undefined
  : F extends { default: number } ? number
  : number | undefined;

/** The result of `parseFlags`: a value for each flag, and the words that are not flags. */
export interface ParsedFlags<Spec extends FlagSpec> {
  readonly flags: { readonly [Name in keyof Spec]: ValueOf<Spec[Name]> };
  readonly words: readonly string[];
}

/**
 * Parses `args` by `spec`.
 *
 * @throws {HelpRequest} If `--help` or `-h` is given; the message has a line for each flag.
 * @throws {UsageError} If a flag is unknown, lacks its value, is given twice, or has a value out of range. The message
 * names the flag, what it takes, and what was found.
 */
export function parseFlags<const Spec extends FlagSpec>(args: readonly string[], spec: Spec): ParsedFlags<Spec> {
  if (args.includes("--help") || args.includes("-h")) throw new HelpRequest(helpText(spec));
  const options: Record<string, { type: "string" | "boolean"; multiple?: boolean; short?: string }> = {};
  for (const [name, flag] of Object.entries(spec)) {
    options[name] = {
      type: flag.type === "boolean" ? "boolean" : "string",
      multiple: flag.type === "strings",
      ...("short" in flag && flag.short !== undefined ? { short: flag.short } : {}),
    };
  }
  const { tokens } = parseArgs({
    args: withNegativeValues(args, spec),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(spec)) {
    values[name] = flag.type === "boolean" ? false : flag.type === "strings" ? [] : flag.default;
  }
  const words: string[] = [];
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(spec, token.name) ? spec[token.name] : undefined;
    if (flag === undefined) {
      throw new UsageError(`Unknown flag ${token.rawName}${nearest(token.name, Object.keys(spec), "--")}`);
    }
    // In `--nodes --json` a value is missing. A value that begins with dashes is given as `--name=--value`.
    const text = !token.inlineValue && token.value?.startsWith("--") ? undefined : token.value;
    const value = valueOf(token.name, flag, text);
    if (flag.type === "strings") (values[token.name] as unknown[]).push(value);
    else if (flag.type !== "boolean" && given.has(token.name)) throw new UsageError(`--${token.name} is given twice`);
    else values[token.name] = value;
    given.add(token.name);
  }
  return { flags: values as ParsedFlags<Spec>["flags"], words };
}

/**
 * Reads `--seed -1` as a flag with the value -1, not as two flags. So a negative number gives the error "out of range".
 */
function withNegativeValues(args: readonly string[], spec: FlagSpec): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1);
    const flag = last?.startsWith("--") && !last.includes("=") ? spec[last.slice(2)] : undefined;
    const isNumber = flag?.type === "integer" || flag?.type === "number";
    if (isNumber && /^-\.?\d/.test(arg)) joined[joined.length - 1] = `${last}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

function valueOf(name: string, flag: Flag, text: string | undefined): unknown {
  if (flag.type === "boolean") {
    if (text !== undefined) throw new UsageError(`--${name} takes no value, but was given ${quote(text)}`);
    return true;
  }
  if (text === undefined) {
    const expected = expectation(flag);
    throw new UsageError(`--${name} needs a value: ${expected === "a text" ? placeholder(flag) : expected}`);
  }
  if (flag.type === "strings") return text;
  if (flag.type === "string") {
    if (flag.oneOf !== undefined && !flag.oneOf.includes(text)) {
      throw new UsageError(
        `--${name} takes ${expectation(flag)}, but was given ${quote(text)}${nearest(text, flag.oneOf)}`,
      );
    }
    return text;
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const fits = Number.isFinite(value) && value >= (flag.min ?? -Infinity) && value <= (flag.max ?? Infinity) &&
    (flag.type === "number" || Number.isSafeInteger(value));
  if (!fits) throw new UsageError(`--${name} takes ${expectation(flag)}, but was given ${quote(text)}`);
  return value;
}

/** Describes each flag: its name, its meaning, what it takes, and its default. */
function helpText(spec: FlagSpec): string {
  const rows = Object.entries(spec).map(([name, flag]): [string, string] => {
    const takes = flag.type === "boolean" || (flag.type === "string" && flag.oneOf === undefined)
      ? []
      : [expectation(flag)];
    const default_ = "default" in flag && flag.default !== undefined ? [`${flag.default} if left out`] : [];
    const notes = [...takes.filter((text) => text !== "a text"), ...default_].join("; ");
    const about = [flag.about, notes === "" ? undefined : flag.about === undefined ? notes : `(${notes})`];
    const value = placeholder(flag);
    return [`--${name}${value === "" ? "" : ` ${value}`}`, about.filter((text) => text !== undefined).join(" ")];
  });
  return `Flags:\n${columns(rows)}`;
}

/** The placeholder of a flag's value in the help. */
function placeholder(flag: Flag): string {
  switch (flag.type) {
    case "boolean":
      return "";
    case "integer":
      return "N";
    case "number":
      return "X";
    case "strings":
      return flag.value ?? "TEXT";
    case "string":
      return flag.value ?? (flag.oneOf === undefined ? "TEXT" : "NAME");
  }
}

function expectation(flag: Flag): string {
  if (flag.type === "string") return flag.oneOf === undefined ? "a text" : `one of ${flag.oneOf.join(", ")}`;
  if (flag.type !== "integer" && flag.type !== "number") return "a text";
  const noun = flag.type === "integer" ? "a whole number" : "a number";
  if (flag.min !== undefined && flag.max !== undefined) {
    const max = flag.max === Number.MAX_SAFE_INTEGER ? "2^53 - 1" : flag.max;
    return `${noun} from ${flag.min} to ${max}`;
  }
  if (flag.min !== undefined) return `${noun} of at least ${flag.min}`;
  return flag.max === undefined ? noun : `${noun} of at most ${flag.max}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/**
 * `; did you mean --seed?` for a name that is at most two typing errors away from a known one and shares half of it, or
 * is the beginning of one; otherwise an empty text. Case does not count.
 *
 * @param prefix Written before the suggested name.
 */
export function nearest(name: string, known: readonly string[], prefix = ""): string {
  let best: string | undefined;
  let bestDistance = 3;
  const given = name.toLowerCase();
  for (const candidate of known) {
    const distance = editDistance(given, candidate.toLowerCase());
    if (distance < bestDistance && distance * 2 <= candidate.length) [best, bestDistance] = [candidate, distance];
  }
  if (given.length > 2) best ??= known.find((candidate) => candidate.toLowerCase().startsWith(given));
  return best === undefined ? "" : `; did you mean ${prefix}${best}?`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
