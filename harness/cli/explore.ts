/**
 * The command `explore`: explores every execution of a small cluster, breadth first, until one violates a safety
 * property.
 *
 * @module
 */
import { count, grouped } from "../report/report.ts";
import { columns } from "../report/columns.ts";
import { Exploration, type Explored, parsePath, type PathStep, pathText } from "../sweep/explore/explore.ts";
import { renderStorySteps, tellPath } from "../sweep/explore/story.ts";
import type { Bounds } from "../sweep/explore/world.ts";
import { thisCommand } from "./command.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { interruptible } from "./interrupt.ts";
import { INTERRUPTED, STATUS } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const BOUND_FLAGS = {
  nodes: { type: "integer", default: 3, min: 2, max: 3, about: "voters" },
  terms: { type: "integer", default: 2, min: 1, max: 9, about: "no node campaigns beyond this term" },
  entries: { type: "integer", default: 2, min: 1, max: 9, about: "no log grows beyond this index" },
  messages: {
    type: "integer",
    default: 2,
    min: 1,
    max: 9,
    about: "maximum number of messages in flight; further ones are lost, and every choice of losses is explored",
  },
  commands: { type: "integer", default: 0, min: 0, max: 9, about: "number of commands that leaders accept" },
  crashes: { type: "integer", default: 0, min: 0, max: 9, about: "number of crashes, each with a restart" },
  duplicates: { type: "integer", default: 0, min: 0, max: 9, about: "number of messages that are delivered twice" },
  heartbeats: { type: "integer", default: 0, min: 0, max: 9, about: "number of heartbeat rounds that leaders begin" },
  reads: { type: "integer", default: 0, min: 0, max: 9, about: "number of reads, at any node" },
  syncs: { type: "boolean", about: "make a disk's sync a step of its own; without it every write is durable at once" },
  "all-messages": { type: "boolean", about: "keep messages in flight that can no longer have an effect" },
  "pre-vote": {
    type: "boolean",
    about: "with PreVote: nodes ask whether they could win an election before they begin a term",
  },
} as const satisfies FlagSpec;

const FLAGS = {
  ...BOUND_FLAGS,
  states: { type: "integer", default: 5_000_000, min: 1, max: 100_000_000, about: "stop after this many states" },
  depth: {
    type: "integer",
    default: 1000,
    min: 1,
    max: 100_000,
    about: "stop at this many steps from the initial state",
  },
  time: { type: "number", default: 60, min: 0.1, max: 1e9, about: "stop after this many seconds of real time" },
  path: { type: "string", value: "PATH", about: "repeat a path that an exploration printed, and print its steps" },
  json: { type: "boolean", about: "print the result as one line of JSON" },
} as const satisfies FlagSpec;

/** How many states are expanded between two looks at the clock. */
const STATES_AT_ONCE = 200;
/** The minimum time between two lines of progress, in milliseconds. */
const PROGRESS_MS = 200;

/** Runs the command. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(args, FLAGS);
  if (words.length > 0) throw new UsageError(`explore takes flags only, but was given ${JSON.stringify(words[0])}`);
  const { nodes, terms, entries, messages, commands, crashes, duplicates, heartbeats, reads, syncs } = flags;
  const counts = { nodes, terms, entries, messages, commands, crashes, duplicates, heartbeats, reads };
  const bounds: Bounds = { ...counts, syncs, preVote: flags["pre-vote"], reduces: !flags["all-messages"] };
  if (flags.path !== undefined) return again(flags.path, bounds, flags.json, terminal);
  const began = performance.now();
  const exploration = new Exploration(bounds, { states: flags.states, depth: flags.depth });
  const explored = await exploreShown(exploration, flags.time, terminal);
  const seconds = (performance.now() - began) / 1000;
  if (flags.json) terminal.out(`${JSON.stringify(summary(explored, bounds, seconds))}\n`);
  else terminal.out(report(explored, bounds, seconds, terminal));
  if (explored.stoppedBy === "interrupt") return INTERRUPTED;
  return explored.violation !== null ? STATUS.false : explored.isComplete ? STATUS.true : STATUS.unknown;
}

/** Explores with a line of progress. On Ctrl-C, or when the time is up, returns the results so far. */
function exploreShown(exploration: Exploration, time: number, terminal: Terminal): Promise<Explored> {
  const began = performance.now();
  let shownAt = began;
  return interruptible(async (signal) => {
    for (;;) {
      const explored = exploration.advance(STATES_AT_ONCE);
      const now = performance.now();
      if (explored === null && now - shownAt < PROGRESS_MS) continue;
      terminal.progress(explored === null ? progressLine(exploration, (now - began) / 1000) : "");
      shownAt = now;
      if (explored !== null) return explored;
      // Signals are handled only between turns.
      await new Promise((resolve) => setTimeout(resolve));
      if (signal.aborted) return exploration.stop("interrupt");
      if (now - began > time * 1000) return exploration.stop("time");
    }
  });
}

function progressLine({ progress }: Exploration, seconds: number): string {
  const { states, depth, left } = progress;
  return `${count(states, "state")}, ${depth} steps deep, ${grouped(left)} left at this depth, ${
    grouped(Math.round(states / seconds))
  } a second`;
}

/** Replays a path. */
function again(text: string, bounds: Bounds, isJson: boolean, terminal: Terminal): number {
  const path = parsePath(text);
  if (path === null) {
    throw new UsageError(`--path takes a path that an exploration printed, but was given ${quoted(text)}`);
  }
  const story = tellPath(path, bounds);
  if (story === null) {
    throw new UsageError(`--path ${quoted(text)} does not fit these bounds: give the flags that were printed with it`);
  }
  terminal.out(isJson ? `${JSON.stringify(story)}\n` : renderStorySteps(story));
  return story.violation === null ? STATUS.true : STATUS.false;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

function summary(explored: Explored, bounds: Bounds, seconds: number): unknown {
  const { violation, states, transitions, depth, isComplete, stoppedBy, tableBytes } = explored;
  return {
    valid: violation !== null ? false : isComplete ? true : "unknown",
    bounds,
    states,
    transitions,
    depth,
    complete: isComplete,
    stopped_by: stoppedBy,
    table_bytes: tableBytes,
    wall_ms: Math.round(seconds * 1000),
    states_per_second: Math.round(states / seconds),
    ...(violation === null ? {} : {
      violation: violation.what,
      path: pathText(violation.path),
      story: tellPath(violation.path, bounds)?.steps,
    }),
  };
}

function report(explored: Explored, bounds: Bounds, seconds: number, { style }: Terminal): string {
  const { violation, states, transitions, depth, isComplete, stoppedBy, tableBytes } = explored;
  const figures = columns([
    ["states", `${grouped(states)}, ${grouped(Math.round(states / seconds))} a second`],
    ["steps taken", grouped(transitions)],
    ["depth", `${depth}`],
    ["table", `${(tableBytes / 1e6).toFixed(1)} MB`],
    ["time", `${seconds.toFixed(1)} s`],
  ]);
  if (violation !== null) {
    const story = renderStorySteps(tellPath(violation.path, bounds)!);
    return `${figures}\n${
      style("red", `Violated after ${count(violation.path.length, "step")}:`)
    } ${violation.what}\n\n` +
      `${story}\nAgain: ${thisCommand()} explore ${flagsOf(bounds, violation.path)}\n`;
  }
  const end = isComplete
    ? style("green", "Every execution within these bounds is safe.")
    : style("yellow", `Not every execution within these bounds was visited: stopped by ${stopWord(stoppedBy)}.`);
  return `${figures}\n${end}\n`;
}

function stopWord(stoppedBy: Explored["stoppedBy"]): string {
  switch (stoppedBy) {
    case "interrupt":
      return "the keyboard";
    case "time":
      return "--time";
    case "states":
      return "--states";
    default:
      return "--depth";
  }
}

function isSet(name: string, bounds: Bounds): boolean {
  return name === "syncs" ? bounds.syncs : name === "pre-vote" ? bounds.preVote : !bounds.reduces;
}

function flagsOf(bounds: Bounds, path: readonly PathStep[]): string {
  const words: string[] = [];
  for (const [name, flag] of Object.entries(BOUND_FLAGS)) {
    if (flag.type === "boolean") words.push(...(isSet(name, bounds) ? [`--${name}`] : []));
    else if (bounds[name as keyof Bounds] !== flag.default) words.push(`--${name} ${bounds[name as keyof Bounds]}`);
  }
  return [...words, `--path ${pathText(path)}`].join(" ");
}
