/**
 * Reads the file of `--final`.
 *
 * @module
 */
import * as checker from "../../checker/mod.ts";
import { readAll } from "./check_bytes.ts";
import type { FinalState } from "./check_final.ts";
import { InputError } from "./input_error.ts";

/**
 * Reads a final state from a file of JSON or EDN.
 *
 * @throws {InputError} If it is neither.
 */
export function readFinalState(file: string): FinalState {
  try {
    const text = new TextDecoder().decode(readAll(file));
    return { file, value: checker.parseValue(text) };
  } catch (error) {
    if (error instanceof InputError) error.file = file;
    if (!(error instanceof checker.FormatError)) throw error;
    const wrong = new InputError(error.message, error.line, error.column);
    wrong.file = file;
    throw wrong;
  }
}
