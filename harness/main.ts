/**
 * The command line: parses the command's name, loads only that command, and exits with its status.
 *
 * @module
 */
import process from "node:process";
import { HelpRequest, nearest, UsageError } from "./cli/flags.ts";
import { processTerminal, type Terminal } from "./cli/terminal.ts";

/** A command: its arguments in, its exit status out. */
type Command = (args: string[], terminal: Terminal) => Promise<number>;

/** Each command's file is loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<{ main: Command }>>> = {
  run: () => import("./cli/run.ts"),
  fuzz: () => import("./cli/fuzz.ts"),
  shrink: () => import("./cli/shrink.ts"),
  replay: () => import("./cli/replay.ts"),
  check: () => import("./cli/check.ts"),
  serve: () => import("./cli/serve.ts"),
  cluster: () => import("./cli/cluster.ts"),
  member: () => import("./cli/member.ts"),
  log: () => import("./cli/log.ts"),
  help: () => import("./cli/help.ts"),
};

/** Exit statuses beside the verdicts' 0, 1 and 2: Jepsen's. */
const WRONG_USAGE = 254;
const PROGRAM_FAILED = 255;

async function dispatch(args: string[], terminal: Terminal): Promise<number> {
  if (args[0] === "--help" || args[0] === "-h") args = ["help"];
  const named = args[0] !== undefined && !args[0].startsWith("-");
  const name = named ? args[0]! : "run";
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(`Unknown command ${JSON.stringify(name)}${nearest(name, Object.keys(COMMANDS))}`);
  }
  const { main } = await COMMANDS[name]!();
  return await main(named ? args.slice(1) : args, terminal);
}

const terminal = processTerminal();
try {
  process.exitCode = await dispatch(process.argv.slice(2), terminal);
} catch (error) {
  if (error instanceof HelpRequest) {
    terminal.out(error.message);
  } else {
    const message = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
    terminal.err(`${error instanceof UsageError ? "Wrong usage" : "Failed"}: ${message}`);
    process.exitCode = error instanceof UsageError ? WRONG_USAGE : PROGRAM_FAILED;
  }
}
