/**
 * The result for one independent part of a history.
 *
 * @module
 */
import type { Counterexample } from "./explain.ts";
import type { Operations } from "../../table/operations.ts";
import { text } from "../piece/shown.ts";

/** The result for a part: for one key, or for all keys if the model ties them together. */
export type Judgement =
  /**
   * The part is linearizable. `order` has its operations as rows, confirmed by a replay, if a witness was asked for.
   */
  | { readonly valid: true; readonly order?: readonly number[] }
  /** The part is not linearizable. Explaining it may take longer than finding it. */
  | { readonly valid: false; readonly explain: () => Counterexample }
  /** The part is undecided. */
  | { readonly valid: "unknown"; readonly reason: string };

/** Describes how far a search came before it stopped at its limits. */
export function howFar(
  table: Operations,
  rows: ArrayLike<number>,
  events: number,
  found: { readonly reached: number; readonly visited: number },
): string {
  const key = table.keys.at(table.key[rows[0]!]!);
  const of = key === null ? "" : ` of ${text(key)}`;
  return `Stopped by its limits after ${found.reached} of ${events} events${of} and ${found.visited} configurations`;
}
