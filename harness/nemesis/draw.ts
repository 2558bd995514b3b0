/**
 * Draws a fault: whom it strikes and how hard, from what the cluster looks like.
 *
 * What is drawn stays within what Raft promises to survive. Any number of nodes may be cut off, stopped, slow or without their unsynced writes, for any
 * time. But a node that has lost what it acknowledged (`disk:flip`) is lost for good: as long as it counts as a voter no second one is drawn, and none
 * whose loss would leave a configuration that somebody holds without a majority. Else nobody could be expected to serve again.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { MILLISECOND } from "../../server/clock.ts";
import type { NodeView } from "../run/cluster.ts";
import type { Fault, Link } from "./fault.ts";
import { hasMajority, mayRun } from "./majority.ts";
import { drawPartition, PARTITION_SHAPES } from "./partition.ts";
import type { FaultSpec } from "./spec.ts";
import { drawTargets, leaderOf, type Target, TARGETS } from "./victims.ts";

/** Voters are never fewer than this by removals, nor members more than that by additions. */
const VOTERS_MIN = 3;
const MEMBERS_MAX = 7;

/** How hard faults strike. */
export interface Severity {
  /** Ticks take from 1/`clockFactor` to `clockFactor` of their length. Leases bound it. */
  readonly clockFactor: number;
  /** The clock only runs fast or slow: what leases survive. */
  readonly clockWithinLease: boolean;
  /** The highest share of packets lost. */
  readonly loss: number;
}

/** The defaults of `Severity`. */
export const SEVERITY: Severity = { clockFactor: 4, clockWithinLease: false, loss: 0.3 };

/** Draws a fault of a kind; `null` where the cluster gives none at present. */
export function drawFault(
  random: Random,
  spec: FaultSpec,
  view: readonly NodeView[],
  severity: Severity,
): Fault | null {
  const present = view.filter(mayRun).map((node) => node.id);
  const leader = leaderOf(view)?.id ?? null;
  if (present.length === 0) return null;
  switch (spec.kind) {
    case "partition": {
      if (present.length < 2) return null;
      return drawPartition(random, spec.shape ?? pick(random, PARTITION_SHAPES), { nodes: present, leader });
    }
    case "kill":
    case "pause": {
      const shape = spec.shape ?? pick(random, TARGETS);
      return { kind: spec.kind, shape, nodes: drawTargets(random, shape, present, leader) };
    }
    case "packets":
      return drawPackets(random, spec.shape, present, leader, severity);
    case "clock":
      return drawClock(random, spec.shape, drawTargets(random, pick(random, TARGETS), present, leader), severity);
    case "disk":
      return drawDisk(random, spec.shape, view, present, leader);
    case "member":
      return drawMember(random, spec.shape, view);
    case "compact":
      return { kind: "compact", nodes: drawTargets(random, pick(random, TARGETS), present, leader) };
  }
}

function drawPackets(
  random: Random,
  shape: "loss" | "duplication" | "delay" | null,
  nodes: readonly number[],
  leader: number | null,
  severity: Severity,
): Fault | null {
  const every: Link[] = nodes.flatMap((a) => nodes.filter((b) => b !== a).map((b): Link => [a, b]));
  // All links, those from one node, to it, or both, or each with an even chance. Every third time the one is the leader.
  const [one] = drawTargets(random, pick(random, ["one", "one", "leader"]), nodes, leader);
  const choice = random.below(5);
  const links = every.filter(([from, to]) => {
    switch (choice) {
      case 0:
        return from === one;
      case 1:
        return to === one;
      case 2:
        return from === one || to === one;
      case 3:
        return random.below(2) === 0;
      default:
        return true;
    }
  });
  if (links.length === 0) return null;
  const has = (name: string): boolean => shape === null ? random.below(2) === 0 : shape === name;
  const loss = has("loss") ? severity.loss * (1 + random.below(100)) / 100 : 0;
  const duplication = has("duplication") ? (1 + random.below(50)) / 100 : 0;
  // Up to 5 ms reorders what is sent together; up to 320 ms is later than an election, and up to 2.5 s later than several.
  const delay = has("delay") || (loss === 0 && duplication === 0) ? 5 * MILLISECOND * (1 << random.below(10)) : 0;
  return { kind: "packets", links, loss, duplication, delay };
}

function drawClock(
  random: Random,
  shape: "rate" | "stall" | "jump" | null,
  nodes: readonly number[],
  severity: Severity,
): Fault {
  const effect = severity.clockWithinLease ? "rate" : shape ?? pick(random, ["rate", "stall", "jump"] as const);
  switch (effect) {
    case "rate": {
      const span = severity.clockFactor - 1;
      const factor = 1 + span * random.below(101) / 100;
      return { kind: "clock", nodes, effect, factor: random.below(2) === 0 ? factor : 1 / factor };
    }
    case "stall":
      return { kind: "clock", nodes, effect };
    case "jump":
      return { kind: "clock", nodes, effect, ticks: 1 + random.below(40) };
  }
}

function drawDisk(
  random: Random,
  shape: "slow" | "full" | "tear" | "flip" | null,
  view: readonly NodeView[],
  present: readonly number[],
  leader: number | null,
): Fault | null {
  const effect = shape ?? pick(random, ["slow", "full", "tear", "tear", "flip"] as const);
  switch (effect) {
    case "slow": {
      const nodes = drawTargets(random, pick(random, TARGETS), present, leader);
      return { kind: "disk", nodes, effect, factor: 1 << (1 + random.below(6)) };
    }
    case "full":
    case "tear": {
      const targets: readonly Target[] = ["one", "minority", "leader", "all"];
      return { kind: "disk", nodes: drawTargets(random, pick(random, targets), present, leader), effect };
    }
    case "flip": {
      // One is lost already, and somebody counts on its word: it is replaced first.
      if (view.some((node) => mayRun(node) && countsOnTheLost(node, view))) {
        return drawMember(random, "replace", view);
      }
      const voters = leaderOf(view)?.voters ?? [];
      const standing = present.filter((id) => voters.includes(id));
      const candidates = standing.filter((id) => isSpared(id, view));
      return standing.length < VOTERS_MIN || candidates.length === 0
        ? null
        : { kind: "disk", nodes: drawTargets(random, "one", candidates, leader), effect };
    }
  }
}

/** Whether a node's configuration has a voter that will never run again. */
function countsOnTheLost(node: NodeView, view: readonly NodeView[]): boolean {
  return view.some(({ id, state }) =>
    state === "refused" && (node.voters.includes(id) || node.votersOutgoing.includes(id))
  );
}

/** Whether every configuration that is held by the others still has a majority without this node: those who were removed are missing there too. */
function isSpared(id: number, view: readonly NodeView[]): boolean {
  const others = view.filter((node) => node.id !== id && mayRun(node));
  const ids = others.map((node) => node.id);
  return others.every(({ voters, votersOutgoing }) => hasMajority(ids, voters) && hasMajority(ids, votersOutgoing));
}

function drawMember(
  random: Random,
  shape: "add" | "remove" | "replace" | "promote" | "demote" | "transfer" | null,
  view: readonly NodeView[],
): Fault | null {
  const leader = leaderOf(view);
  if (leader === null) return null;
  const fresh = 1 + view.reduce((highest, node) => Math.max(highest, node.id), 0);
  const { voters, learners } = leader;
  // Who will never run again is replaced before anything else is changed.
  const lost = view.find((node) =>
    node.state === "refused" && (voters.includes(node.id) || learners.includes(node.id))
  );
  if (lost !== undefined) return { kind: "member", change: "replace", node: fresh, old: lost.id };
  const change = shape ??
    pick(random, ["add", "remove", "replace", "promote", "promote", "demote", "transfer"] as const);
  switch (change) {
    case "add":
      return voters.length + learners.length >= MEMBERS_MAX ? null : { kind: "member", change, node: fresh };
    case "remove":
      return voters.length <= VOTERS_MIN ? null : { kind: "member", change, node: pick(random, voters) };
    case "replace":
      return { kind: "member", change, node: fresh, old: pick(random, voters) };
    case "promote":
      return learners.length === 0 ? null : { kind: "member", change, node: pick(random, learners) };
    case "demote":
      return voters.length <= VOTERS_MIN ? null : { kind: "member", change, node: pick(random, voters) };
    case "transfer": {
      const others = voters.filter((id) => id !== leader.id);
      // Half the time to one who cannot take over, where there is one: then the leader must give it up.
      const unable = others.filter((id) => view.some((node) => node.id === id && node.state !== "running"));
      const targets = unable.length > 0 && random.below(2) === 0 ? unable : others;
      return targets.length === 0 ? null : { kind: "member", change, node: pick(random, targets) };
    }
  }
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}
