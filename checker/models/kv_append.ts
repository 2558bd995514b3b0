/**
 * The model of growing texts by key: get, put, append.
 *
 * @module
 */
import type { Model, Operation } from "./model.ts";

/** A model of growing texts. Its `kind` lets the judge recognize it: reads may show the order of the appends. */
interface AppendModel extends Model<string | null> {
  /** Distinguishes it from other models. */
  readonly kind: "appends";
}

/** A text for each key, `""` at first; `append` adds to its end, `put` replaces it, `get` returns it. */
export const kvAppend: AppendModel = {
  name: "kv-append",
  kind: "appends",
  initial: "",
  partition: ({ key }) => key,
  observes: isGet,
  step: stepBy((text, more) => [text + more]),
  identify: (text) => text === null ? "unseen" : `text ${text}`,
  /**
   * A text matters only if it is the answer of some get, or the beginning of one: from any other text, only a put leads
   * back. So all other texts are one state, `null`, whatever the order of their appends. Without this, Porcupine's
   * c50-bad takes minutes and gigabytes.
   */
  specialize(operations) {
    const seen = operations.flatMap((operation) => isGet(operation) ? textSeen(operation) : []);
    const onlyGrows = operations.every((operation) => operation.f === "append" || isGet(operation));
    const { specialize: _, ...model } = kvAppend;
    if (!onlyGrows) return { ...model, step: stepBy(growIntoOneOf(seen)) };
    // All such texts are beginnings of the longest one, so their lengths distinguish them.
    const identify = (text: string | null): string => text === null ? "unseen" : String(text.length);
    return { ...model, step: stepBy(growTowards(longestOf(seen))), identify };
  },
};

function longestOf(texts: readonly string[]): string {
  return texts.reduce((one, other) => other.length > one.length ? other : one, "");
}

function growIntoOneOf(seen: readonly string[]): (text: string, more: string) => readonly (string | null)[] {
  const sorted = [...new Set(seen)].sort();
  return (text, more) => [isBeginningOfOne(sorted, text + more) ? text + more : null];
}

/**
 * Without puts, a text must reach the longest text that was seen before it can exceed it. The text so far is known to
 * be right, so only the added part is compared: texts are long, and this is called for every open append.
 */
function growTowards(longest: string): (text: string, more: string) => readonly (string | null)[] {
  return (text, more) => {
    const length = text.length + more.length;
    if (length > longest.length) return more.startsWith(longest.slice(text.length)) ? [null] : [];
    return longest.startsWith(more, text.length) ? [longest.slice(0, length)] : [];
  };
}

function isGet({ f }: Operation): boolean {
  return f === "get" || f === "read";
}

function textSeen({ type, result }: Operation): string[] {
  return type === "ok" && typeof result === "string" ? [result] : [];
}

/**
 * Whether one of `texts`, sorted by code units, begins with `beginning`. If any does, it is the first one that is not
 * smaller.
 */
function isBeginningOfOne(texts: readonly string[], beginning: string): boolean {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = low + high >>> 1;
    if (texts[middle]! < beginning) low = middle + 1;
    else high = middle;
  }
  return low < texts.length && texts[low]!.startsWith(beginning);
}

/** The model's step. `grown` gives the states after adding to a text. */
function stepBy(
  grown: (text: string, more: string) => readonly (string | null)[],
): Model<string | null>["step"] {
  return (text, { f, argument, result, type }) => {
    switch (f) {
      case "append":
        return text === null ? [null] : grown(text, String(argument ?? ""));
      case "put":
      case "write":
        return grown("", String(argument ?? ""));
      case "get":
      case "read":
        return type === "info" || (result ?? "") === text ? [text] : [];
      default:
        throw new RangeError(`kv-append has get, put and append, not ${f}`);
    }
  };
}
