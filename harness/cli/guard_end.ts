/**
 * Ends the program with a line and the status of a failure if a user's module ends it, or lets an error go unhandled.
 * The runtimes would end it with a status that means a verdict: 0 or 1.
 *
 * @module
 */
import process from "node:process";
import { inspect } from "node:util";
import { placesOf } from "../targets/error_places.ts";
import { PROGRAM_FAILED, STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";

/** The status of Node if a promise that it waits for can never be settled. */
const NEVER_SETTLED = 13;
const VERDICTS: readonly number[] = [...Object.values(STATUS), NEVER_SETTLED];

let isMeant = false;

/** Ends the program with the status that its command has decided on, whatever timers and sockets are left. */
export function endProgram(status: number): never {
  isMeant = true;
  process.exit(status);
}

/** Watches for such an end, until `hasStatus` returns true. */
export function guardEnd(terminal: Terminal, hasStatus: () => boolean): void {
  process.on("exit", (code) => {
    if (isMeant || hasStatus() || !VERDICTS.includes(code)) return;
    const why = code === NEVER_SETTLED ? "nothing was left to wait for" : `process.exit(${code}) was called`;
    terminal.err(`Failed: the program was ended before it had a result: ${why}`);
    process.exitCode = PROGRAM_FAILED;
  });
  process.on("uncaughtException", (error) => fail(terminal, "An error was thrown that nobody caught", error));
  process.on("unhandledRejection", (error) => fail(terminal, "A promise was rejected that nobody waits for", error));
}

function fail(terminal: Terminal, what: string, error: unknown): void {
  const message = error instanceof Error ? `${error.message}` : inspect(error, { breakLength: Infinity });
  const [place] = placesOf(error);
  const where = place === undefined ? "" : ` (${place})`;
  terminal.err(`Failed: ${what}: ${message.replaceAll("\n", " ")}${where}`);
  process.exit(PROGRAM_FAILED);
}
