/**
 * The events of a history, in the order in which they were judged, for its page.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import { placed } from "../report/placed.ts";
import { filesMeantBy, readAll } from "./check_bytes.ts";
import type { CheckFlags } from "./check_flags.ts";
import { withoutPrefixes } from "./log_prefix.ts";
import { merged } from "./merged_files.ts";

/** A history, with a verdict that refers to its events. */
export interface ShownHistory {
  readonly events: readonly checker.HistoryEvent[];
  readonly verdict: checker.Verdict & { readonly model?: string };
}

/**
 * Reads the files of a run again.
 *
 * @param verdict The verdict. If it names lines of the file, they are converted into positions in the history.
 */
export function shownHistory(
  paths: readonly string[],
  flags: Pick<CheckFlags, "format" | "pairs" | "sort" | "merge">,
  verdict: checker.Verdict,
): ShownHistory {
  const { format, pairs } = flags;
  const options = {
    ...(format === undefined ? {} : { format }),
    ...(pairs === undefined ? {} : { pairs: pairs as "keys" | "values" }),
  };
  const histories = paths.flatMap(filesMeantBy).map((name) => {
    const raw = readAll(name);
    const bytes = format === undefined ? withoutPrefixes(raw).bytes : raw;
    const found = format ?? checker.detectFormat(new TextDecoder().decode(bytes.subarray(0, checker.HEAD_BYTES)));
    // These files contain sessions, not events.
    if (found === "polysi" || found === "awdit") return null;
    return { name, history: checker.readHistory(bytes, options), lineCount: 0 };
  }).filter((each) => each !== null);
  const [first] = histories;
  if (first === undefined) return { events: [], verdict };
  if (histories.length > 1) return { events: merged(histories).history.events, verdict };
  const { history } = flags.sort ? checker.sortedByTime(first.history) : first;
  return { events: history.events, verdict: placed(verdict, history.lines) };
}
