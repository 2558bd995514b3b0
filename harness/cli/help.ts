/**
 * The `help` command, and the text above a command's flags: what can be run, and how.
 *
 * @module
 */
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
    about: "make one run; the same flags and seed repeat it byte for byte",
    examples: ["--nemesis partition:ring,kill --seed 7", "--nemesis partition --reads local"],
    hasNemesis: true,
  },
  fuzz: {
    about: "run many seeds in parallel until one fails",
    permission: "-R",
    examples: ["--nemesis all --runs 1000", "--nemesis all --workload all --time 600 --keep-going"],
    hasNemesis: true,
  },
  shrink: {
    takes: "--seed N",
    about: "find the smallest run that fails in the same way as a seed's",
    examples: ["--seed 3 --nemesis partition --reads local"],
    hasNemesis: true,
  },
  replay: {
    takes: "FILE",
    about: "repeat a run that shrink --out or run --out wrote, and check that it is the same",
    permission: "-R",
    examples: ["shrunk.json"],
  },
  explore: {
    about: "visit every execution of a small cluster of the real core, breadth first",
    examples: ["--nodes 2 --terms 3 --crashes 1 --syncs", "--messages 1 --commands 1"],
  },
  check: {
    takes: "FILE...",
    about: "judge linearizability or transaction isolation; - is standard input",
    permission: "-R",
    examples: ["history.jsonl", "--model list-append --consistency-model serializable history.edn"],
  },
  report: {
    takes: "RUN_OR_HISTORY...",
    about: "make a page for any browser from a stored run or a history",
    permission: "-RW",
    examples: ["./out --html run.html", "history.jsonl --html history.html"],
  },
  serve: {
    about: "run one node of a live cluster, for Redis clients",
    permission: "-NRWES",
    examples: [
      "--id 1 --listen 127.0.0.1:7101 --client 127.0.0.1:7001 --data ./data/1",
      "--id 1 --listen 127.0.0.1:7101 --client 127.0.0.1:7001 --data ./data/1 " +
      "--peer 2=127.0.0.1:7102 --peer 3=127.0.0.1:7103",
      "--id 4 --listen 127.0.0.1:7104 --client 127.0.0.1:7004 --data ./data/4 --join 127.0.0.1:7001",
    ],
  },
  cluster: {
    takes: "--data FOLDER",
    about: "run a live cluster as processes on this machine",
    permission: "-A",
    examples: ["--nodes 3 --data ./data"],
  },
  member: {
    takes: "[WHAT]",
    about: "show or change the members, or transfer the leadership",
    permission: "-NRWES",
    examples: ["status", "add 4 127.0.0.1:7104", "remove 4", "replace 3 4 127.0.0.1:7104", "transfer 2"],
  },
  log: {
    takes: "FOLDER",
    about: "print a node's journal as text",
    permission: "-R",
    examples: ["./data/1"],
  },
  backup: {
    takes: "save FILE | restore FILE",
    about: "save a live cluster's store at one moment; restore it into a new cluster",
    permission: "-NRWES",
    examples: ["save backup.kaya --at 127.0.0.1:7001", "restore backup.kaya --at 127.0.0.1:7001"],
  },
  help: { takes: "[COMMAND]", about: "show this list, or a command's flags" },
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
      "COMMAND --help lists a command's flags, --version prints the version.\n" +
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
export async function commandHelp(name: CommandName, flags: string): Promise<string> {
  const { takes, about, permission, examples = [], hasNemesis } = COMMANDS[name];
  const start = `${thisCommand(permission)} ${name}`;
  const parts = [
    `Usage: ${start}${takes === undefined ? "" : ` ${takes}`} [FLAGS]\n\n${capitalized(about)}.\n`,
    ...(examples.length === 0
      ? []
      : [`For example:\n${examples.map((args) => `  ${start} ${args}`.trimEnd()).join("\n")}\n`]),
    flags,
    ...(hasNemesis === true ? [await faultsHelp()] : []),
  ];
  return parts.join("\n");
}

/** The faults are loaded only here, because they load half of the program. */
async function faultsHelp(): Promise<string> {
  const { FAULTS } = await import("../nemesis/faults.ts");
  const rows = Object.entries(FAULTS).map(([kind, { about, shapes }]): [string, string] => {
    return [kind, shapes.length === 0 ? about : `${about}: ${shapes.join(", ")}`];
  });
  return `Faults; KIND:SHAPE uses only one shape of a kind; another --target may suffer fewer:\n${columns(rows)}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
