/**
 * Formats a run's result as text for people.
 *
 * @module
 */
import {
  type LinearizabilityVerdict,
  renderLinearizability,
  renderTransactionVerdict,
  type TransactionVerdict,
  type Verdict,
  type WorkloadVerdict,
} from "../../checker/mod.ts";
import { nodesInWords, type RunOptions } from "../run/options.ts";
import type { RunResult } from "../run/result.ts";
import type { Target } from "../run/target.ts";
import type { SafetyVerdict } from "../sim/invariants/world.ts";
import { reflowed, textWidth, wrapped } from "./columns.ts";
import { narrowed } from "./narrow.ts";

/** Applies a colour or weight to text. */
type Style = (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;

/** The width of the names at the left. */
const NAME_WIDTH = 16;

/** The first line of a report, with the seed; printed before anything else happens. */
export function renderOpening(target: Target, options: RunOptions, style: Style): string {
  const { seed, concurrency, rate, timeLimit, nemesis, flags: { "--": _, ...flags } } = options;
  const name = `seed ${seed}`;
  const text = listed(`${name}  `, [
    nodesInWords(options),
    count(concurrency, "client"),
    `${count(rate, "operation")} a second for ${nemesis === "all" ? "up to " : ""}${timeLimit} s`,
    ...(options.target === "sim" ? [] : [`target ${options.target}`]),
    `workload ${options.workload ?? Object.keys(target.workloads)[0]}`,
    ...Object.entries(flags).map(([flag, value]) => `${flag} ${value}`),
    `nemesis ${nemesis}`,
  ]);
  return `${style("bold", name)}${text.slice(name.length)}\n`;
}

/**
 * Formats the result after a run.
 *
 * @param circumstances Other facts about a violation, one sentence each.
 */
export function renderResult(result: RunResult, style: Style, circumstances: readonly string[] = []): string {
  const lines = [
    "",
    ...(result.nemesis === "all" ? [listed(line("drawn", ""), drawn(result))] : []),
    line("operations", operations(result)),
    ...errors(result),
    listed(line("faults", ""), faults(result)),
    ...("elections" in result.coverage ? [listed(line("raft", ""), raft(result))] : []),
    line("time", time(result)),
    "",
    renderChecks(result, style),
  ];
  const { valid } = result;
  if (valid === true) lines.push(style("green", "Everything the clients saw can be explained."));
  if (valid === false) {
    const told = circumstances.flatMap((sentence) => wrapped(sentence.split(" "), textWidth()));
    lines.push(style("red", "A violation."), ...told, `Again: ${result.replay}`);
  }
  if (valid === "unknown") lines.push(style("yellow", "The verdict is unknown."), `Again: ${result.replay}`);
  return `${lines.join("\n")}\n`;
}

/** Each check with its verdict and findings. */
function renderChecks(result: RunResult, style: Style): string {
  return `${Object.entries(result.checks).flatMap(([name, verdict]) => check(name, verdict, style)).join("\n")}\n`;
}

/** For a run that is known to fail: the checks that failed, one line each, before the details. */
export function renderReasons(result: RunResult, style: Style): string {
  return failed(result).map(([name, { reason }]) => `${style("red", name)}  ${reason ?? "invalid"}\n`).join("");
}

/** The failed checks and their findings. For a run that is known to fail, the other checks are of no interest. */
export function renderFailures(result: RunResult, style: Style): string {
  return `${failed(result).flatMap(([name, verdict]) => check(name, verdict, style)).join("\n")}\n`;
}

function failed({ checks }: RunResult): [string, Verdict][] {
  return Object.entries(checks).filter(([, { valid }]) => valid === false);
}

function line(name: string, text: string): string {
  return `  ${name.padEnd(NAME_WIDTH)}${text}`;
}

/** Puts text after `left`, which is `width` columns wide on the screen. What does not fit continues below the text. */
function hanging(left: string, text: string, width = left.length): string[] {
  const [first = "", ...more] = wrapped(text.split(" "), textWidth() - width);
  return [left + first, ...more.map((each) => " ".repeat(width) + each)].map((each) => each.trimEnd());
}

/** Lists items, separated by commas, in the column that begins after `left`, on as many lines as needed. */
function listed(left: string, things: readonly string[]): string {
  const words = things.map((thing, i) => i < things.length - 1 ? `${thing},` : thing);
  const indent = " ".repeat(left.length);
  return left + wrapped(words, textWidth() - left.length).join(`\n${indent}`);
}

function operations({ operations: { ok, fail, info } }: RunResult): string {
  return `${grouped(ok + fail + info)}: ${grouped(ok)} ok, ${grouped(fail)} failed for certain, ${
    grouped(info)
  } of unknown outcome`;
}

/** The most frequent errors, if there were any: one row each, as a system under test may word them at length. */
function errors(result: RunResult): string[] {
  return Object.entries(result.errors).flatMap(([error, times], i) =>
    hanging(line(i === 0 ? "errors" : "", `${count(times, "time")}: `), error)
  );
}

/** The values that the seed chose for a run that left them open. */
function drawn({ nodes, workload, reads }: RunResult): string[] {
  return [count(nodes, "node"), `workload ${workload}`, ...(reads === undefined ? [] : [`reads ${reads}`])];
}

function faults(result: RunResult): string[] {
  const struck = Object.entries(result.faults).filter(([, times]) => times > 0);
  if (struck.length === 0) return ["none"];
  const total = struck.reduce((sum, [, times]) => sum + times, 0);
  const [first, ...others] = struck.map(([name, times]) => `${name} ${times}`);
  return [`${total}: ${first}`, ...others];
}

/** The most important counters; `--json` has the others. */
const TOLD = [
  "elections",
  "split votes",
  "truncations",
  "snapshots installed",
  "configurations changed",
  "leaders without a quorum",
];

function raft({ coverage }: RunResult): string[] {
  const told = TOLD.filter((name) => (coverage[name] ?? 0) > 0).map((name) => {
    const times = coverage[name]!;
    return `${grouped(times)} ${times === 1 ? name.replace(/^(\w+)s\b/, "$1") : name}`;
  });
  return [...(told.length > 0 ? told : ["no election"]), `last term ${coverage["terms"] ?? 0}`];
}

function time({ virtual_ms, wall_ms, coverage }: RunResult): string {
  // For real processes nothing is counted, and their time is real time.
  if (!("elections" in coverage)) return `${(wall_ms / 1000).toFixed(1)} s`;
  const factor = wall_ms > 0 ? `, ${grouped(Math.round(virtual_ms / wall_ms))} times as fast as real time` : "";
  return `${(virtual_ms / 1000).toFixed(1)} s simulated in ${(wall_ms / 1000).toFixed(2)} s${factor}`;
}

function check(name: string, verdict: Verdict, style: Style): string[] {
  const { valid, reason } = verdict;
  const [word, colour] = valid === true
    ? ["valid", "green"] as const
    : valid === false
    ? ["invalid", "red"] as const
    : ["unknown", "yellow"] as const;
  const [breach, ...others] = (verdict as { breaches?: SafetyVerdict["breaches"] }).breaches ?? [];
  // The text of a counterexample includes the reason.
  const said = reason === undefined || "counterexample" in verdict
    ? remark(verdict)
    : `${breach === undefined ? "" : `at ${seconds(breach.time)}  `}${reason}`;
  const lines = hanging(`${line(name, "")}${style(colour, word)}  `, said, NAME_WIDTH + word.length + 4);
  const { notes = [] } = verdict as { notes?: readonly string[] };
  if (valid !== false) return [...lines, ...notes.flatMap((note) => indented(`\n${note}`))];
  if ("counterexample" in verdict) {
    lines.push(...indented(renderLinearizability(verdict as LinearizabilityVerdict, style)));
  } else if ("operations" in verdict) {
    const text = renderTransactionVerdict(verdict as TransactionVerdict | WorkloadVerdict);
    // The reason is already next to the verdict.
    lines.push(...indented(text.split("\n").filter((each) => each.trim() !== reason).join("\n")));
  }
  for (const { time, what } of others.slice(0, FURTHER_BREACHES)) lines.push(`    then at ${seconds(time)}  ${what}`);
  if (others.length > FURTHER_BREACHES) lines.push(`    and ${others.length - FURTHER_BREACHES} further ones`);
  return lines;
}

/** How many breaches are shown besides the first; most follow from the first. */
const FURTHER_BREACHES = 3;

function seconds(time: number): string {
  return `${(time / 1e9).toFixed(6)} s`;
}

/** If there are more nodes than this, they are only counted, not named. */
const NAMED_MAX = 9;

/** The remark on a valid check. */
function remark(verdict: Verdict): string {
  const { majority, ticks } = verdict as { majority?: readonly number[]; ticks?: number };
  if (majority === undefined || ticks === undefined) return "";
  const many = majority.length > NAMED_MAX ? `${majority.length} nodes` : `nodes ${majority.join(" ")}`;
  const who = majority.length === 1 ? `node ${majority[0]} was` : `${many} were`;
  return `${who} healed and served again after ${count(ticks, "tick")}`;
}

/**
 * Lines of another report, wrapped to the width of a terminal, without the first, which repeats what was printed
 * already.
 */
function indented(text: string): string[] {
  const width = textWidth() - 4;
  return narrowed(text.trimEnd().split("\n").slice(1), width).flatMap((each) => reflowed(each, width))
    .map((each) => `    ${each}`.trimEnd());
}

/** `1 fault`, `2 faults`. */
export function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** 12,345 for 12345, on every engine. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
