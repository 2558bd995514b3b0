/**
 * Texts by key that grow: get, put, append.
 *
 * @module
 */
import type { Model, Operation } from "./model.ts";

/** A text for each key, `""` at first; `append` adds to its end, `put` replaces it, `get` returns it. */
export const kvAppend: Model<string> = {
  name: "kv-append",
  initial: "",
  partition: ({ key }) => key,
  observes: ({ f }) => f === "get" || f === "read",
  step: stepUnless(() => false),
  identify: (text) => text,
  specialize(operations) {
    // Without puts a key's text only grows: every state is a beginning of the longest text read, or goes on from it.
    if (operations.some(({ f }) => f !== "append" && f !== "get" && f !== "read")) return kvAppend;
    let longest = "";
    for (const { f, type, result } of operations) {
      if (f !== "append" && type === "ok" && typeof result === "string" && result.length > longest.length) {
        longest = result;
      }
    }
    const { specialize: _, ...model } = kvAppend;
    const leadsNowhere = (text: string): boolean =>
      text.length <= longest.length ? !longest.startsWith(text) : !text.startsWith(longest);
    return { ...model, step: stepUnless(leadsNowhere) };
  },
};

function stepUnless(leadsNowhere: (text: string) => boolean): (text: string, operation: Operation) => string[] {
  return (text, { f, argument, result, type }) => {
    switch (f) {
      case "append":
      case "put":
      case "write": {
        const next = f === "append" ? text + String(argument ?? "") : String(argument ?? "");
        return leadsNowhere(next) ? [] : [next];
      }
      case "get":
      case "read":
        return type === "info" || (result ?? "") === text ? [text] : [];
      default:
        throw new RangeError(`kv-append has get, put and append, not ${f}`);
    }
  };
}
