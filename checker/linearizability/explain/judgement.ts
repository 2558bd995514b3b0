/**
 * What a judge found of one independent part of a history.
 *
 * @module
 */
import type { Counterexample } from "./explain.ts";
import type { Operations } from "../../table/operations.ts";
import { text } from "../piece/shown.ts";

/** What was found of a part: of one key, or of all where the model ties keys together. */
export type Judgement =
  /** It is linearizable; `order` has its operations as rows, replayed, where a witness was asked for. */
  | { readonly valid: true; readonly order?: readonly number[] }
  /** It is not; to say why may take longer than to find out. */
  | { readonly valid: false; readonly explain: () => Counterexample }
  /** Nobody could tell. */
  | { readonly valid: "unknown"; readonly reason: string };

/** How far a search got before its limits stopped it. */
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
