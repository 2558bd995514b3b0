/**
 * The command line: parses the command's name, loads only that command, and exits with its status.
 *
 * @module
 */
import process from "node:process";
import { isMainThread, workerData } from "node:worker_threads";
import { HelpRequest, nearest, UsageError } from "./cli/flags.ts";
import { guardEnd } from "./cli/guard_end.ts";
import type { CommandName } from "./cli/help.ts";
import { INTERRUPTED, PROGRAM_FAILED, WRONG_USAGE } from "./cli/status.ts";
import { processTerminal, type Terminal } from "./cli/terminal.ts";
import { StartError, TargetError } from "./run/target_error.ts";

/** A command: takes its arguments and returns its exit status. */
type Command = (args: string[], terminal: Terminal) => Promise<number>;

/** The file of each command is loaded only when needed. */
const COMMANDS: Readonly<Record<CommandName, () => Promise<{ main: Command }>>> = {
  run: () => import("./cli/run.ts"),
  fuzz: () => import("./cli/fuzz.ts"),
  shrink: () => import("./cli/shrink.ts"),
  replay: () => import("./cli/replay.ts"),
  explore: () => import("./cli/explore.ts"),
  check: () => import("./cli/check.ts"),
  report: () => import("./cli/report.ts"),
  serve: () => import("./cli/serve.ts"),
  cluster: () => import("./cli/cluster.ts"),
  member: () => import("./cli/member.ts"),
  log: () => import("./cli/log.ts"),
  backup: () => import("./cli/backup.ts"),
  help: () => import("./cli/help.ts"),
};

/** Commands for this program's own processes and workers. */
const HIDDEN: Readonly<Record<string, () => Promise<{ main: () => Promise<number> }>>> = {
  "kaya-raft reaper": () => import("./cli/reaper.ts"),
  "kaya-raft dialler": () => import("./cli/dialler.ts"),
  "kaya-raft worker": () => import("./cli/worker.ts"),
  "kaya-raft check-worker": () => import("./cli/check_worker.ts"),
};

async function dispatch(args: string[], terminal: Terminal): Promise<number> {
  const hidden = isMainThread ? args[0] : String(workerData);
  if (hidden !== undefined && Object.hasOwn(HIDDEN, hidden)) return (await HIDDEN[hidden]!()).main();
  if (args[0] === "--version" || args[0] === "-V") {
    const { VERSION } = await import("../server/mod.ts");
    terminal.out(`@kayadb/raft ${VERSION}\n`);
    return 0;
  }
  const { name, rest } = commandOf(args);
  if (isMainThread) (await import("./cli/launcher.ts")).watchLauncher();
  const { main } = await COMMANDS[name]();
  try {
    return await main(rest, terminal);
  } catch (error) {
    if (!(error instanceof HelpRequest)) throw error;
    const { commandHelp } = await import("./cli/help.ts");
    terminal.out(await commandHelp(name, error.message));
    return 0;
  }
}

/** The command and its arguments. `help run` means `run --help`, and no command means `run`. */
function commandOf(args: string[]): { name: CommandName; rest: string[] } {
  const [first = "run", ...rest] = args;
  if (first === "--help" || first === "-h") return commandOf(["help", ...rest]);
  if (first.startsWith("-")) return { name: "run", rest: args };
  if (!isCommand(first)) {
    const hint = /[./\\]/.test(first) ? `; check ${first} judges a file` : "; help lists the commands";
    throw new UsageError(`Unknown command ${JSON.stringify(first)}${nearest(first, Object.keys(COMMANDS)) || hint}`);
  }
  if (first === "help" && isCommand(rest[0])) return { name: rest[0], rest: ["--help"] };
  return { name: first, rest };
}

function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(COMMANDS, word);
}

/** How long what is left may keep the program alive after its last result, in milliseconds. */
const LINGER_MS = 1_000;

const terminal = processTerminal();
let hasStatus = false;
if (isMainThread) guardEnd(terminal, () => hasStatus);
try {
  const status = await dispatch(process.argv.slice(2), terminal);
  hasStatus = true;
  if (status === INTERRUPTED) terminal.err("Interrupted.");
  process.exitCode = status;
  // A timer or a connection of a user's module must not keep a finished program alive.
  if (isMainThread) setTimeout(() => process.exit(status), LINGER_MS).unref();
} catch (error) {
  hasStatus = true;
  const message = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
  // Deno names the flag that permits the action. Real nodes need several of them.
  const isNotPermitted = error instanceof Error && error.name === "NotCapable";
  const hint = isNotPermitted ? " (permissions for real nodes: -NRWES for one node, -A for everything else)" : "";
  const isUnfit = error instanceof TargetError && !(error instanceof StartError);
  const isWrongUsage = isNotPermitted || error instanceof UsageError || isUnfit;
  terminal.err(`${isWrongUsage ? "Wrong usage" : "Failed"}: ${message}${hint}`);
  // Exits at once: whatever a command still waits for must not keep a failed process alive.
  process.exit(isWrongUsage ? WRONG_USAGE : PROGRAM_FAILED);
}
