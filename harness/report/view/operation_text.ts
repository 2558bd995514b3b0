/**
 * An operation in words.
 *
 * @module
 */
import type { Store } from "./store.ts";

/** An operation and its result in one line. */
export function operationText({ data: { operations } }: Store, place: number): string {
  const what = operations.texts[operations.what[place]!]!;
  const result = operations.texts[operations.result[place]!]!;
  const outcome = ["", "failed", "unknown"][operations.outcome[place]!]!;
  return [what, result === "" ? "" : `→ ${result}`, outcome === "" ? "" : `(${outcome})`].filter(Boolean).join(" ");
}
