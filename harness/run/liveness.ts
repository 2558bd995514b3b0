/**
 * The proof of life: heals a majority, leaves every other fault as it is, and checks that this majority serves again.
 *
 * The other nodes may still send to the majority and disturb it, but they hear nothing from it. If they heard it, one
 * of them might become primary with the votes of a part of the majority. In Raft, voters are loyal to a leader that
 * they hear, so the rest of the majority would then wait in vain, without any fault of the system. If the target says
 * so (`hearsOthers: false`), the others cannot send to the majority either. That is for systems in which a leader
 * without a quorum goes on for ever, or in which, without pre-votes, a node with a fast clock raises the term before
 * any election of the majority is over.
 *
 * Each healed voter must first answer a read, before anything is written, so that a new primary must serve reads
 * without a client's write. Then each must answer a write. A membership change must also be complete.
 *
 * A target that promises less (`serves`: `all`, `one`) is healed as a whole, and then all of its nodes, or one, must
 * answer.
 *
 * @module
 */
import type { Validity } from "../../checker/mod.ts";
import type { Clock } from "../../server/mod.ts";
import type { Partition } from "../nemesis/partition.ts";
import type { Link, NodeView, View } from "../nemesis/kind.ts";
import { isMajority, mayRun, mayVote, membersOf, primaryOf, whoCouldServe } from "../nemesis/view.ts";
import type { Cluster, Limits } from "./target.ts";

/** The parts that the proof needs. */
export interface LivenessParts {
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** What may be expected of the cluster. */
  readonly limits: Limits;
  /** Picks one of `count` things. */
  readonly pick: (purpose: string, count: number) => number;
  /** Records an event of the nemesis. */
  readonly note: (f: string, value: string) => void;
  /** Asks a node to prove that it serves. Calls `done` with whether it has, and why not, if that is known. */
  readonly prove: (node: number, kind: "read" | "write", done: (isProven: boolean, error?: string) => void) => void;
}

/** Whether a healed cluster served again. */
export interface LivenessVerdict {
  /** `true`: it served. `"unknown"`: nothing could be expected of it. */
  readonly valid: Validity;
  /** What the proof waited for in vain, or why nothing could be expected. */
  readonly reason?: string;
  /** The nodes that were healed. */
  readonly majority: readonly number[];
  /** How many ticks it took. */
  readonly ticks: number;
}

/** After how many ticks without an answer a node is asked again. */
const ASK_AGAIN_TICKS = 40;
/** How many characters of an error are shown. */
const SAID_MAX = 200;

/** Heals a majority, or all nodes, and waits for them to serve. */
export function proveLife(parts: LivenessParts, done: (verdict: LivenessVerdict) => void): void {
  new ProofOfLife(parts, done).start();
}

class ProofOfLife {
  readonly #parts: LivenessParts;
  readonly #done: (verdict: LivenessVerdict) => void;
  readonly #began: number;
  /** The nodes that were healed. */
  readonly #healed: number[] = [];
  /** The nodes that have answered a read, and those that have also answered a write. */
  readonly #read = new Set<number>();
  readonly #written = new Set<number>();
  /** Why nodes did not prove that they serve, as each said last. */
  readonly #said = new Map<number, string>();
  /** The nodes that were asked, and when to ask them again. */
  readonly #askAgainAt = new Map<number, number>();
  #view: View = [];
  /** Whether the healed nodes are a majority of every configuration, and so must serve. */
  #isCertain = true;
  #hasEnded = false;

  constructor(parts: LivenessParts, done: (verdict: LivenessVerdict) => void) {
    this.#parts = parts;
    this.#done = done;
    this.#began = parts.clock.now();
  }

  start(): void {
    const { cluster, limits } = this.#parts;
    cluster.look((view) => {
      if (limits.serves !== "majority") return this.#healWhatRuns(view);
      this.#extend(this.#shuffled(whoCouldServe(view)), view);
    });
  }

  /** The nodes in a seeded order; the first of them that are a majority are healed. */
  #shuffled(nodes: number[]): number[] {
    for (let i = nodes.length - 1; i > 0; i--) {
      const j = this.#parts.pick(`majority ${i}`, i + 1);
      [nodes[i], nodes[j]] = [nodes[j]!, nodes[i]!];
    }
    return nodes;
  }

  /** Adds nodes until they are a majority of every configuration that any of them knows. */
  #extend(order: number[], view: View): void {
    this.#view = view;
    while (!isMajority(this.#voting(), view)) {
      const next = order.shift();
      if (next === undefined) {
        // No choice of nodes is certainly able to serve. So all nodes that can run are healed, and if they do not
        // serve, that proves nothing.
        this.#isCertain = false;
        return this.#healWhatRuns(view);
      }
      this.#healed.push(next);
    }
    this.#healed.sort(ascending);
    this.#parts.note("heal majority", this.#healed.join(" "));
    const { cluster } = this.#parts;
    cluster.restore(this.#healed, () => {
      const { partition } = cluster.suffers;
      if (partition === null || partition === undefined) this.#watch(order);
      else partition.inject(this.#deafOthers(), () => this.#watch(order));
    });
  }

  /** The healed nodes that can help to elect a primary. */
  #voting(): number[] {
    return this.#healed.filter((id) => this.#view.some((node) => node.id === id && mayVote(node)));
  }

  #healWhatRuns(view: View): void {
    for (const { id } of view.filter(mayRun)) if (!this.#healed.includes(id)) this.#healed.push(id);
    this.#healed.sort(ascending);
    this.#parts.note("heal majority", this.#healed.join(" "));
    this.#parts.cluster.restore(this.#healed, () => this.#watch([]));
  }

  #deafOthers(): Partition {
    const { cluster, limits: { hearsOthers = true } } = this.#parts;
    const others = cluster.nodes().filter((node) => !this.#healed.includes(node));
    const outward = this.#healed.flatMap((from) => others.map((to): Link => [from, to]));
    const cut = hearsOthers ? outward : outward.flatMap(([from, to]): Link[] => [[from, to], [to, from]]);
    return { kind: "partition", shape: "deaf", cut };
  }

  #watch(order: number[]): void {
    const { cluster, clock, limits: { serves, tickLength, livenessTicks } } = this.#parts;
    cluster.look((view) => {
      if (this.#hasEnded) return;
      this.#view = view;
      // A damaged journal may be noticed only at the restart.
      const gone = view.filter((node) => !mayRun(node) && this.#healed.includes(node.id));
      for (const { id } of gone) this.#healed.splice(this.#healed.indexOf(id), 1);
      // A restart, or a change under way, may have revealed a configuration of which these nodes are no majority.
      const isShort = serves === "majority" && this.#isCertain && !isMajority(this.#voting(), view);
      if (isShort) return this.#extend(order, view);
      for (const node of this.#asked()) this.#ask(node);
      if (this.#hasServed()) return this.#end(true);
      if (this.#ticks() >= livenessTicks) return this.#end(this.#isCertain ? false : "unknown", this.#waitedFor());
      clock.after(tickLength, () => this.#watch(order));
    });
  }

  #hasServed(): boolean {
    if (this.#written.size === 0 || isInJoint(this.#primary(), this.#view)) return false;
    return this.#parts.limits.serves === "one" || this.#asked().every((node) => this.#written.has(node));
  }

  /**
   * The healed nodes that must answer a read and a write: the voters according to the healed primary. If nodes report
   * their members, nothing is asked before there is a primary; if they cannot, each node is asked.
   */
  #asked(): number[] {
    const primary = this.#primary();
    if (primary !== null) return this.#healed.filter((id) => membersOf(primary, this.#view).voters.includes(id));
    const tellsMembers = this.#view.some(({ id, members }) => members !== null && this.#healed.includes(id));
    return tellsMembers ? [] : [...this.#healed];
  }

  /** The primary among the healed nodes. */
  #primary(): NodeView | null {
    return primaryOf(this.#view, (id) => this.#healed.includes(id));
  }

  #ask(node: number): void {
    const { clock, prove, limits: { serves, tickLength } } = this.#parts;
    const hasRead = (each: number): boolean => this.#read.has(each);
    const isRead = serves === "one" ? !this.#asked().some(hasRead) : !this.#asked().every(hasRead);
    const answered = isRead ? this.#read : this.#written;
    if (answered.has(node) || clock.now() < (this.#askAgainAt.get(node) ?? 0)) return;
    this.#askAgainAt.set(node, clock.now() + ASK_AGAIN_TICKS * tickLength);
    prove(node, isRead ? "read" : "write", (isProven, error) => {
      if (error === undefined) this.#said.delete(node);
      else this.#said.set(node, error);
      if (isProven) {
        answered.add(node);
        this.#askAgainAt.delete(node);
      } // A node that says no may say yes after the next heartbeat.
      else this.#askAgainAt.set(node, clock.now() + 2 * tickLength);
    });
  }

  #waitedFor(): string {
    const primary = this.#primary();
    const noun = this.#parts.limits.serves === "majority" ? "majority" : this.#healed.length === 1 ? "node" : "nodes";
    const healed = `the healed ${noun} ${this.#healed.join(" ")}`;
    const have = this.#healed.length === 1 || noun === "majority" ? "has" : "have";
    const within = `in ${this.#ticks()} ticks`;
    if (primary === null && this.#asked().length === 0) {
      const said = this.#healed.map((id) => `${id}: ${this.#view.find((node) => node.id === id)?.says ?? "nothing"}`);
      return `${healed} ${have} no leader after ${this.#ticks()} ticks (${said.join("; ")})`;
    }
    const whole = primary === null
      ? `${healed}:`
      : `${healed} ${have} leader ${primary.id}${primary.says === "" ? "" : ` (${primary.says})`}, but`;
    if (isInJoint(primary, this.#view)) return `${whole} ${have} not left its joint configuration ${within}`;
    const unread = this.#asked().filter((node) => !this.#read.has(node));
    if (unread.length > 0) {
      return `${whole} node ${unread.join(" and ")} answered no read ${within}${this.#lastOf(unread)}`;
    }
    const silent = this.#asked().filter((node) => !this.#written.has(node));
    if (this.#written.size === 0) return `${whole} no write was answered ${within}${this.#lastOf(silent)}`;
    return `${whole} node ${silent.join(" and ")} answered no write ${within}${this.#lastOf(silent)}`;
  }

  /** The last error of the first of these nodes that has one. */
  #lastOf(nodes: readonly number[]): string {
    const node = nodes.find((each) => this.#said.has(each));
    return node === undefined ? "" : `; the last answer of node ${node}: ${this.#said.get(node)!.slice(0, SAID_MAX)}`;
  }

  #ticks(): number {
    const { clock, limits: { tickLength } } = this.#parts;
    return Math.ceil((clock.now() - this.#began) / tickLength);
  }

  #end(valid: Validity, reason?: string): void {
    this.#hasEnded = true;
    const verdict = { valid, majority: this.#healed, ticks: this.#ticks() };
    this.#done(reason === undefined ? verdict : { ...verdict, reason });
  }
}

/** Whether a node is in a joint configuration. */
function isInJoint(node: NodeView | null, view: View): boolean {
  return node !== null && membersOf(node, view).outgoing.length > 0;
}

function ascending(a: number, b: number): number {
  return a - b;
}
