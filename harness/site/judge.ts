/**
 * Judges a history that was dropped on the page.
 *
 * @module
 */
/// <reference lib="dom" />
import * as checker from "../../checker/mod.ts";
import { judgeBytes } from "../cli/check_file.ts";
import { InputError } from "../cli/input_error.ts";
import { placed } from "../report/placed.ts";
import type { PageData } from "../report/page/data.ts";
import { historyPage } from "../report/page/page.ts";

/** After how many milliseconds judging is given up: the page cannot be used meanwhile. */
const PATIENCE_MS = 20_000;

/**
 * Makes the page of a history.
 *
 * @param model The model; empty to infer it.
 * @throws {Error} If the history is invalid or ambiguous. The message names the line, and what to choose.
 */
export function pageOfBytes(name: string, bytes: Uint8Array, model: string): PageData {
  const until = performance.now() + PATIENCE_MS;
  try {
    const { result } = judgeBytes(bytes, {
      model: model === "" ? undefined : model,
      format: undefined,
      pairs: undefined,
      order: undefined,
      consistencyModel: undefined,
      versionOrder: [],
      nullReads: undefined,
      witness: model === "" || !checker.isTransactionModel(model),
      dot: undefined,
      final: undefined,
      now: () => performance.now(),
      stop: () => performance.now() > until,
    });
    const format = checker.detectFormat(new TextDecoder().decode(bytes.subarray(0, checker.HEAD_BYTES)));
    if (format === "polysi" || format === "awdit") return historyPage(name, [], result);
    const { events, lines } = checker.readHistory(bytes);
    return historyPage(name, events, placed(result, lines));
  } catch (error) {
    if (error instanceof InputError) throw new Error(`${name}${error.place}: ${error.message}`);
    throw error;
  }
}

/** The bytes of a file, unpacked if it is gzip. */
export async function bytesOf(file: Blob): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}
