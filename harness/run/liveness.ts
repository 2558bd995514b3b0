/**
 * The proof of life: a majority is healed while every other fault stays as it is, and that majority must elect a leader, commit and answer.
 *
 * The others may still speak to the majority and disturb it, but hear nothing from it. If they did, one of them might lead with the help of a part of
 * the majority; voters are loyal to a leader that they hear, and then the rest of the majority would wait in vain, which is no fault of anybody's.
 * Where leaders do not check their quorum, or campaigns need no pre-vote, the others cannot speak to the majority either: one that leads, and hears nobody,
 * would lead on for ever, and one with a fast clock would spend a term before any election of the majority is over.
 *
 * Each healed voter must answer a read before anything is written, so that a new leader's term is opened by itself, and a write after that. And a joint
 * configuration must be left.
 *
 * @module
 */
import type { Validity } from "../../checker/mod.ts";
import type { Clock, Timer } from "../../server/clock.ts";
import type { Cluster } from "./cluster.ts";
import type { Link, NodeView, View } from "../nemesis/kind.ts";
import { isMajority, mayRun, membersOf, primaryOf, whoCouldServe } from "../nemesis/view.ts";

/** What the proof needs. */
export interface LivenessParts {
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** How many ticks it may take. */
  readonly livenessTicks: number;
  /** Whether the others are cut off from the majority in both directions. */
  readonly isolatesOthers: boolean;
  /** Picks among `count` things. */
  readonly pick: (purpose: string, count: number) => number;
  /** Writes an event of the nemesis down. */
  readonly note: (f: string, value: string) => void;
}

/** Whether a healed majority served again. */
export interface LivenessVerdict {
  /** `true`: it served; `"unknown"`: nothing could be expected of it. */
  readonly valid: Validity;
  /** What it waited for, or why nothing could be asked. */
  readonly reason?: string;
  /** The nodes that were healed. */
  readonly majority: readonly number[];
  /** How many ticks it took. */
  readonly ticks: number;
}

/** A node that was asked for a write waits this many ticks for its answer before it is asked again. */
const ASK_AGAIN_TICKS = 40;
/** The key of the writes that are asked for; no workload has it. */
export const PROBE_KEY = "liveness";

/** Heals a majority and waits for it to serve. */
export function proveLife(parts: LivenessParts, done: (verdict: LivenessVerdict) => void): void {
  const { clock, cluster } = parts;
  const began = clock.now();
  const majority: number[] = [];
  /** Nodes that have answered a read, and of these the ones that have answered a write too. */
  const read = new Set<number>();
  const answered = new Set<number>();
  /** Nodes that were asked, and when they are asked again. */
  const askAgainAt = new Map<number, number>();
  let lastView: View = [];
  /** Whether the healed nodes are a majority by every configuration, and so must serve. */
  let isCertain = true;
  let ended = false;
  let timer: Timer | null = null;

  cluster.look((view) => {
    const healable = whoCouldServe(view);
    // A seeded order: the majority is the first nodes of it that are one.
    for (let i = healable.length - 1; i > 0; i--) {
      const j = parts.pick(`majority ${i}`, i + 1);
      [healable[i], healable[j]] = [healable[j]!, healable[i]!];
    }
    extend(healable, view);
  });

  /** Takes in nodes until they are a majority of every configuration that any of them holds. */
  function extend(order: number[], view: View): void {
    while (!isMajority(majority, view)) {
      const next = order.shift();
      if (next === undefined) return healWhatRuns(view);
      majority.push(next);
    }
    majority.sort((a, b) => a - b);
    parts.note("heal majority", majority.join(" "));
    cluster.restore(
      majority,
      () => cluster.inject({ kind: "partition", shape: "deaf", cut: deafOthers() }, () => watch(order)),
    );
  }

  /** No choice of nodes is surely able to serve: all that can run are healed, and if they do not serve, that proves nothing. */
  function healWhatRuns(view: View): void {
    isCertain = false;
    for (const { id } of view.filter(mayRun)) if (!majority.includes(id)) majority.push(id);
    majority.sort((a, b) => a - b);
    parts.note("heal majority", majority.join(" "));
    cluster.restore(majority, () => watch([]));
  }

  function deafOthers(): Link[] {
    const others = cluster.nodes().filter((node) => !majority.includes(node));
    const outward = majority.flatMap((from) => others.map((to): Link => [from, to]));
    return parts.isolatesOthers ? outward.flatMap(([from, to]): Link[] => [[from, to], [to, from]]) : outward;
  }

  function watch(order: number[]): void {
    cluster.look((view) => {
      if (ended) return;
      lastView = view;
      // A damaged journal may come to light only at the restart.
      const gone = view.filter((node) => !mayRun(node) && majority.includes(node.id));
      for (const { id } of gone) majority.splice(majority.indexOf(id), 1);
      // A restart or a change under way may have brought a configuration to light of which these are no majority.
      if (isCertain && !isMajority(majority, view)) return extend(order, view);
      for (const node of asked(view)) ask(node);
      const isJoint = isInJoint(leaderAmong(majority, view), view);
      if (answered.size > 0 && !isJoint && asked(view).every((node) => answered.has(node))) {
        return end({ valid: true, majority, ticks: ticks() });
      }
      if (ticks() >= parts.livenessTicks) {
        return end({ valid: isCertain ? false : "unknown", reason: waitedFor(), majority, ticks: ticks() });
      }
      timer = clock.after(cluster.tickLength, () => watch(order));
    });
  }

  /** Those healed nodes that the healed leader counts as voters: each must get a read through, and a write. */
  function asked(view: View): number[] {
    const leader = leaderAmong(majority, view);
    return leader === null ? [] : majority.filter((id) => membersOf(leader, view).voters.includes(id));
  }

  function ask(node: number): void {
    const isRead = !asked(lastView).every((each) => read.has(each));
    const hasAnswered = (isRead ? read : answered).has(node);
    if (hasAnswered || clock.now() < (askAgainAt.get(node) ?? 0)) return;
    askAgainAt.set(node, clock.now() + ASK_AGAIN_TICKS * cluster.tickLength);
    const operation = isRead ? { f: "get", key: PROBE_KEY } : { f: "put", key: PROBE_KEY, value: String(ticks()) };
    cluster.invoke(node, -1, { operation }, (reply) => {
      if (reply.type === "ok") {
        (isRead ? read : answered).add(node);
        askAgainAt.delete(node);
      } // A node that says no may say yes after the next heartbeat.
      else askAgainAt.set(node, clock.now() + 2 * cluster.tickLength);
    });
  }

  function waitedFor(): string {
    const healed = `the healed majority ${majority.join(" ")}`;
    const leader = leaderAmong(majority, lastView);
    if (leader === null) {
      const said = majority.map((id) => `${id}: ${lastView.find((node) => node.id === id)?.says ?? "nothing"}`);
      return `${healed} has no leader after ${ticks()} ticks (${said.join("; ")})`;
    }
    if (isInJoint(leader, lastView)) {
      return `${healed} has leader ${leader.id} (${leader.says}), but has not left its joint configuration ` +
        `in ${ticks()} ticks`;
    }
    const unread = asked(lastView).filter((node) => !read.has(node));
    if (unread.length > 0) {
      return `${healed} has leader ${leader.id} (${leader.says}), but node ${
        unread.join(" and ")
      } answered no read in ${ticks()} ticks`;
    }
    if (answered.size === 0) {
      return `${healed} has leader ${leader.id} (${leader.says}), but no write was answered in ${ticks()} ticks`;
    }
    const silent = asked(lastView).filter((node) => !answered.has(node));
    return `${healed} has leader ${leader.id} (${leader.says}), but node ${
      silent.join(" and ")
    } answered no write in ${ticks()} ticks`;
  }

  function ticks(): number {
    return Math.ceil((clock.now() - began) / cluster.tickLength);
  }

  function end(verdict: LivenessVerdict): void {
    ended = true;
    timer?.cancel();
    done(verdict);
  }
}

/** The primary among these. */
function leaderAmong(nodes: readonly number[], view: View): NodeView | null {
  return primaryOf(view, (id) => nodes.includes(id));
}

/** Whether a node is in the middle of a change of the members. */
function isInJoint(node: NodeView | null, view: View): boolean {
  return node !== null && membersOf(node, view).outgoing.length > 0;
}
