/**
 * How this program was started, for the commands that it prints.
 *
 * @module
 */

/** The command line up to the flags, on the runtime at hand. */
export function thisCommand(): string {
  const runtimes = globalThis as { Deno?: unknown; Bun?: unknown };
  if (runtimes.Deno !== undefined) return "deno run harness/main.ts";
  return `${runtimes.Bun !== undefined ? "bun" : "node"} harness/main.ts`;
}
