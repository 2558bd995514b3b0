/**
 * How this program was started, for the commands that it prints.
 *
 * @module
 */

/**
 * The command line up to the flags, on the runtime at hand.
 *
 * @param permission What Deno must be told, such as `-R`; the other runtimes permit everything.
 */
export function thisCommand(permission?: "-R" | "-P=serve" | "-P=live"): string {
  const runtimes = globalThis as { Deno?: unknown; Bun?: unknown };
  if (runtimes.Deno !== undefined) {
    return `deno run ${permission === undefined ? "" : `${permission} `}harness/main.ts`;
  }
  return `${runtimes.Bun !== undefined ? "bun" : "node"} harness/main.ts`;
}
