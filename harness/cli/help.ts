/**
 * The `help` command: what there is to run.
 *
 * @module
 */
import { parseFlags, UsageError } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `Usage: harness/main.ts [COMMAND] [FLAGS]

Drive a simulated cluster and judge what its clients saw
  run (or nothing)   one run; with the same flags and seed, the same run, byte for byte
  fuzz               many seeds, in parallel, until one fails
  shrink             the smallest run that still fails as a seed did
  replay FILE        a recorded run again, checked to be the same

Judge a history that was recorded elsewhere
  check FILE...      linearizability or transaction isolation; - is the standard input

Run real nodes
  serve              one node of a live cluster, which Redis clients can talk to
  cluster            a live cluster of processes on this machine
  member             add, remove or replace a member, or transfer the leadership
  log DIR            a node's journal, for people to read

COMMAND --help lists a command's flags.
Exit status: 0 valid, 1 a violation, 2 unknown, 254 wrong usage, 255 the program failed.
`;

/** Prints what commands there are. */
export function main(args: string[], terminal: Terminal): Promise<number> {
  const { words } = parseFlags(args, { help: { type: "boolean", short: "h" } });
  if (words.length > 0) throw new UsageError(`help takes no arguments, but was given ${JSON.stringify(words[0])}`);
  terminal.out(HELP);
  return Promise.resolve(0);
}
