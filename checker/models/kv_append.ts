/**
 * Texts by key that grow: get, put, append.
 *
 * @module
 */
import type { Model, Operation } from "./model.ts";

/**
 * A model of texts that grow: it has a `step` as every model, and says what it is, for reads may show the order of the
 * appends.
 */
interface AppendModel extends Model<string | null> {
  /** Tells it from other models. */
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
   * Only a text that some get's answer begins with, or is, matters: nothing but a put leads back from any other, so all
   * others are one state, `null`, however their appends were ordered. Without that, Porcupine's c50-bad takes minutes
   * and gigabytes.
   */
  specialize(operations) {
    const seen = operations.flatMap((operation) => isGet(operation) ? textSeen(operation) : []);
    const onlyGrows = operations.every((operation) => operation.f === "append" || isGet(operation));
    const { specialize: _, ...model } = kvAppend;
    if (!onlyGrows) return { ...model, step: stepBy(growIntoOneOf(seen)) };
    // All texts that there are begin the longest one, so that their lengths tell them apart.
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
 * Without puts a text comes to the longest that was seen before it goes past it. What it has come to so far is known to
 * be right, so only what is added is looked at: texts are long, and this is asked for every append that is open.
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
 * Whether one of `texts`, sorted by code units, begins with `beginning`: the first that is not smaller does, if any.
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

/** The model's step; `grown` says what states adding to a text leads to. */
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
