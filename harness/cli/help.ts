/**
 * The `help` command, and the text above a command's flags: what can be run, and how.
 *
 * @module
 */
import { FAULTS } from "../nemesis/faults.ts";
import { columns } from "../report/columns.ts";
import { type DenoPermission, thisCommand } from "./command.ts";
import { nearest, UsageError } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** Every command. */
export type CommandName =
  | "run"
  | "fuzz"
  | "shrink"
  | "replay"
  | "explore"
  | "check"
  | "report"
  | "serve"
  | "cluster"
  | "member"
  | "log"
  | "backup"
  | "help";

interface CommandHelp {
  /** The arguments after the name, besides flags. */
  readonly takes?: string;
  readonly about: string;
  /** The permissions that Deno needs for it. */
  readonly permission?: DenoPermission;
  /** Example arguments. */
  readonly examples?: readonly string[];
  /** Whether its help also lists the faults of `--nemesis`. */
  readonly hasNemesis?: boolean;
}

const COMMANDS: Readonly<Record<CommandName, CommandHelp>> = {
  run: {
    about: "one run; the same flags and seed give the same, to the byte",
    examples: ["--nemesis partition:ring,kill --seed 7", "--nemesis partition --reads local"],
    hasNemesis: true,
  },
  fuzz: {
    about: "many seeds, in parallel, until one fails",
    permission: "-R",
    examples: ["--nemesis all --runs 1000", "--nemesis all --workload all --time 600 --keep-going"],
    hasNemesis: true,
  },
  shrink: {
    takes: "--seed N",
    about: "the smallest run that still fails as a seed did",
    examples: ["--seed 3 --nemesis partition --reads local"],
    hasNemesis: true,
  },
  replay: {
    takes: "FILE",
    about: "a run kept by shrink --out, again; checked to be the same",
    permission: "-R",
    examples: ["shrunk.json"],
  },
  explore: {
    about: "every execution of a small cluster, breadth first, through the real core",
    examples: ["--nodes 2 --terms 3 --crashes 1 --syncs", "--messages 1 --commands 1"],
  },
  check: {
    takes: "FILE...",
    about: "linearizability, transaction isolation; - is standard input",
    permission: "-R",
    examples: ["history.jsonl", "--model list-append --consistency-model serializable history.edn"],
  },
  report: {
    takes: "RUN_OR_HISTORY...",
    about: "a page of a kept run or a history, for any browser",
    permission: "-RW",
    examples: ["./out --html run.html", "history.jsonl --html history.html"],
  },
  serve: {
    about: "one node of a live cluster, served to Redis clients",
    permission: "-P=serve",
    examples: [
      "--id 1 --listen 127.0.0.1:7101 --client 127.0.0.1:7001 --data ./data/1",
      "--id 1 --listen 127.0.0.1:7101 --client 127.0.0.1:7001 --data ./data/1 " +
      "--peer 2=127.0.0.1:7102 --peer 3=127.0.0.1:7103",
      "--id 4 --listen 127.0.0.1:7104 --client 127.0.0.1:7004 --data ./data/4 --join 127.0.0.1:7001",
    ],
  },
  cluster: {
    takes: "--data FOLDER",
    about: "a live cluster of processes on this machine",
    permission: "-P=live",
    examples: ["--nodes 3 --data ./data"],
  },
  member: {
    takes: "[WHAT]",
    about: "look at the members, change them, hand the leadership over",
    permission: "-P=serve",
    examples: ["status", "add 4 127.0.0.1:7104", "remove 4", "replace 3 4 127.0.0.1:7104", "transfer 2"],
  },
  log: {
    takes: "FOLDER",
    about: "a node's journal, for people to read",
    permission: "-R",
    examples: ["./data/1"],
  },
  backup: {
    takes: "save FILE | restore FILE",
    about: "what a live cluster holds at one moment; into a new cluster",
    permission: "-P=serve",
    examples: ["save backup.kaya --at 127.0.0.1:7001", "restore backup.kaya --at 127.0.0.1:7001"],
  },
  help: { takes: "[COMMAND]", about: "this list, or what a command takes" },
};

const GROUPS: readonly (readonly [string, readonly CommandName[]])[] = [
  ["Drive a simulated cluster and judge what its clients saw", ["run", "fuzz", "shrink", "replay", "explore"]],
  ["Judge a history that was recorded elsewhere, and draw it", ["check", "report"]],
  ["Run real nodes", ["serve", "cluster", "member", "log", "backup"]],
];

/** Prints the list of commands. */
export function main(args: string[], terminal: Terminal): Promise<number> {
  const word = args.find((arg) => arg !== "--help" && arg !== "-h");
  if (word !== undefined) {
    throw new UsageError(`help knows no command ${JSON.stringify(word)}${nearest(word, Object.keys(COMMANDS))}`);
  }
  // All groups have a common column, as wide as the longest name.
  const width = Math.max(...GROUPS.flatMap(([, names]) => names.map((name) => nameOf(name).length)));
  const groups = GROUPS.map(([title, names]) =>
    `${title}\n${columns(names.map((name) => [nameOf(name).padEnd(width), COMMANDS[name].about]))}`
  );
  terminal.out(
    `Usage: ${thisCommand()} [COMMAND] [FLAGS]\n\n${groups.join("\n")}\n` +
      "COMMAND --help tells what a command takes, --version which version this is.\n" +
      "Exit status: 0 valid, 1 a violation, 2 unknown, 130 interrupted, 254 wrong\n" +
      "usage, 255 the program failed.\n",
  );
  return Promise.resolve(0);
}

function nameOf(name: CommandName): string {
  if (name === "run") return "run (or nothing)";
  const { takes } = COMMANDS[name];
  return takes === undefined || takes.startsWith("--") ? name : `${name} ${takes}`;
}

/** The output of `COMMAND --help`; `flags` is the list of its flags. */
export function commandHelp(name: CommandName, flags: string): string {
  const { takes, about, permission, examples = [], hasNemesis } = COMMANDS[name];
  const start = `${thisCommand(permission)} ${name}`;
  const parts = [
    `Usage: ${start}${takes === undefined ? "" : ` ${takes}`} [FLAGS]\n\n${capitalized(about)}.\n`,
    ...(examples.length === 0
      ? []
      : [`For example:\n${examples.map((args) => `  ${start} ${args}`.trimEnd()).join("\n")}\n`]),
    flags,
    ...(hasNemesis === true ? [faultsHelp()] : []),
  ];
  return parts.join("\n");
}

function faultsHelp(): string {
  const rows = Object.entries(FAULTS).map(([kind, { about, shapes }]): [string, string] => {
    return [kind, shapes.length === 0 ? about : `${about}: ${shapes.join(", ")}`];
  });
  return `Faults, each in all its shapes or in one that follows a colon:\n${columns(rows)}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
