/**
 * Changes the members of a simulated cluster, and starts and removes the nodes involved.
 *
 * @module
 */
import { type ConfigurationChange, type MemberChange as CoreStep, nodeId } from "../../raft/mod.ts";
import { type ClientReply, MILLISECOND } from "../../server/mod.ts";
import { BUSY, DISK_BEHIND } from "../../server/replica/refusals.ts";
import { typeOf } from "../nemesis/faults.ts";
import type { Strike } from "../nemesis/kind.ts";
import type { Member, MemberStep } from "../nemesis/member.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Invariants } from "./invariants/invariants.ts";
import type { SimNode } from "./node.ts";

/** For how many ticks a removed member keeps running, as if nobody had told it. */
const REMOVED_RUNS_TICKS = 200;
/** After how many ticks a joint configuration that is not left by itself is left. */
const LEAVE_TICKS = 10;
/** After how many ticks a node that comes back under its number has begun its journal, and asks to be added. */
const BEGIN_TICKS = 4;
/** How long the nemesis waits for a leader that it can ask. */
const LEADER_TIMEOUT = 300 * MILLISECOND;
/** How many times as long as usual every second newcomer's disk takes at first, and for how long. */
const SLOW_AT_FIRST = 200, SLOW_TIME = 3_000 * MILLISECOND;
/** A target that lacks more entries than these may need longer than an election timeout, with the smallest appends. */
const NEAR_END = 16;
/** How long the nemesis waits for a membership change. */
const CHANGE_TIMEOUT = 5_000 * MILLISECOND;

/** The parts that membership changes need. */
interface MemberChangesParts {
  readonly queue: EventQueue;
  readonly tickLength: number;
  readonly nodes: ReadonlyMap<number, SimNode>;
  /** Starts a node that is not a member yet. */
  readonly join: (id: number) => void;
  readonly invariants: Pick<Invariants, "broken">;
  readonly calm: Calm;
  /** Whether every transfer is in vain. */
  readonly losesTimeoutNow: boolean;
}

/** Asks the leader for membership changes. */
export class MemberChanges {
  readonly #parts: MemberChangesParts;

  /** @param parts The cluster. */
  constructor(parts: MemberChangesParts) {
    this.#parts = parts;
  }

  /**
   * Asks for a change, and waits for its result. While nobody leads it waits for a leader for a while, which is then
   * asked before it has committed anything.
   */
  ask(fault: Member, done: (strike: Strike) => void, waited: number = 0): void {
    const { queue, join } = this.#parts;
    const { change } = fault;
    const leader = this.#leader();
    const name = typeOf(fault).say(fault);
    if (leader === null) {
      if (waited >= LEADER_TIMEOUT) return done({ struck: false, detail: `${name}: nobody leads` });
      return queue.at(queue.now() + MILLISECOND, () => this.ask(fault, done, waited + MILLISECOND));
    }
    const wrong = this.#isOutOfPlace(fault);
    if (wrong !== null) return done({ struck: false, detail: `${name}: ${wrong}` });
    const newcomers = this.#newcomersOf(fault);
    for (const id of newcomers) {
      join(id);
      if ((queue.now() + id) % 2 === 0) this.#parts.nodes.get(id)?.isSlowAtFirst(SLOW_AT_FIRST, SLOW_TIME);
    }
    const judge = this.#expectation(fault, leader);
    let isOpen = true;
    const end = (reply: ClientReply): void => {
      if (!isOpen) return;
      isOpen = false;
      judge(reply);
      this.#afterChange(fault, newcomers, reply);
      done({ struck: reply.type !== "fail", detail: reply.type === "ok" ? name : `${name}: ${reply.error}` });
    };
    queue.after(CHANGE_TIMEOUT, () => end({ type: "info", error: "no answer in time" }));
    if (change === "reuse") this.#addAgain(fault.node, end);
    else if (change === "transfer") leader.replica!.transferLeadership(fault.node, end);
    else if (change === "join") leader.host!.addMember(fault.node, end);
    else if (change === "replace" && fault.waits === true) {
      leader.host!.addMember(fault.node, end, { replaces: fault.old! });
    } else leader.replica!.changeMembers(changeOf(fault), end);
  }

  /** Why a fault that was drawn or recorded for another moment is impossible now; `null` if it is possible. */
  #isOutOfPlace({ change, node, steps = [] }: Member): string | null {
    const { nodes } = this.#parts;
    if (change === "wrong") return null;
    if (change === "joint") {
      const unknown = steps.find((step) => step.type !== "add-voter" && !nodes.has(step.node));
      return unknown === undefined ? null : `there is no node ${unknown.node}`;
    }
    if (change === "reuse") return this.#whyNotAgain(node);
    const comes = change === "add" || change === "join" || change === "replace";
    if (comes !== nodes.has(node)) return null;
    return comes ? "there is such a node" : "there is no such node";
  }

  /** Why a node cannot come back under its number; `null` if it can: it was removed, ended, and is forgotten. */
  #whyNotAgain(id: number): string | null {
    const known = this.#parts.nodes.get(id);
    if (known === undefined || !known.isGone) return "there is no such node that was taken away";
    const isEntered = this.#leader()!.host!.directory.entries.has(id);
    return isEntered || this.#isCountedOn(id) ? "it is not forgotten yet" : null;
  }

  /** A node that has begun its journal anew asks to be added, and proves which journal it has. */
  #addAgain(id: number, end: (reply: ClientReply) => void): void {
    const { queue, tickLength, nodes } = this.#parts;
    queue.after(BEGIN_TICKS * tickLength, () => {
      const birth = nodes.get(id)!.journal?.birth ?? 0;
      const leader = this.#leader();
      if (leader === null || birth === 0) {
        return end({ type: "fail", error: "nobody leads, or the node did not start" });
      }
      leader.host!.addMember(id, end, { birth });
    });
  }

  /** The nodes that a change needs and that do not exist yet. */
  #newcomersOf({ change, node, steps = [] }: Member): number[] {
    const { nodes } = this.#parts;
    if (change === "joint") return steps.map((step) => step.node).filter((id) => !nodes.has(id));
    return change === "add" || change === "join" || change === "replace" || change === "reuse" ? [node] : [];
  }

  /** Checks the result of a change: a wrong one must be refused, and a transfer in a calm cluster must succeed. */
  #expectation(fault: Member, leader: SimNode): (reply: ClientReply) => void {
    const { calm, invariants, nodes, losesTimeoutNow } = this.#parts;
    const since = losesTimeoutNow ? null : calm.since();
    const target = nodes.get(fault.node);
    const { term, lastIndex, followers, transferTarget, configuration, configurationIndex, commitIndex } = leader
      .replica!.node.status();
    const follower = followers.find(({ id }) => id === fault.node);
    // Another transfer may succeed instead: one that is under way, or that of a leader which a change of the members
    // removes.
    const isChanging = configurationIndex > commitIndex || configuration.votersOutgoing.length > 0;
    // A node that was cut off may have campaigned, and makes the target give up by its later term.
    const isLatest = [...nodes.values()].every(({ journal }) => journal === null || journal.state.term <= term);
    const canLead = since !== null && transferTarget === null && !isChanging && isLatest &&
      target?.view().state === "running" && follower?.isActive === true &&
      !follower.isLearner && follower.state === "replicate" && follower.matchIndex + NEAR_END >= lastIndex;
    return (reply) => {
      if (fault.change === "wrong" && reply.type === "ok") {
        invariants.broken(
          `members: node ${leader.id} has taken a change that must be refused: ${typeOf(fault).say(fault)}`,
        );
      }
      if (fault.change !== "transfer" || !canLead || reply.type === "ok" || calm.since() !== since) return;
      // A leader at its bounds takes no request at all.
      if (reply === BUSY || reply === DISK_BEHIND) return;
      invariants.broken(
        `transfers: node ${leader.id} did not hand over to node ${fault.node}, though nothing was wrong`,
      );
    };
  }

  #afterChange(
    { change, node, old, steps = [], leaves }: Member,
    newcomers: readonly number[],
    reply: ClientReply,
  ): void {
    const { nodes } = this.#parts;
    if (reply.type === "fail") { for (const id of newcomers) nodes.get(id)!.remove(); }
    if (change === "joint" && leaves === false && reply.type !== "fail") this.#leaveJoint();
    if (reply.type !== "ok") return;
    const gone = change === "remove"
      ? [node]
      : change === "replace"
      ? [old!]
      : steps.filter(({ type }) => change === "joint" && type === "remove").map((step) => step.node);
    for (const id of gone) {
      const leaving = nodes.get(id);
      if (leaving !== undefined) this.#takeAway(leaving);
    }
  }

  /** Tells the leader to leave the joint configuration, until that is done. */
  #leaveJoint(): void {
    const { queue, tickLength } = this.#parts;
    queue.at(queue.now() + LEAVE_TICKS * tickLength, () => {
      const leader = this.#leader();
      const status = leader?.replica?.node.status();
      // A later leader may truncate what is not committed, and be in the joint configuration again.
      const isLeft = status !== undefined && status.configuration.votersOutgoing.length === 0 &&
        status.configurationIndex <= status.commitIndex;
      if (isLeft) return;
      leader?.replica?.changeMembers({ type: "leave-joint" }, () => {});
      this.#leaveJoint();
    });
  }

  /**
   * Removes a member when that is possible: a joint configuration, in which the change was answered, still counts on it
   * until it is left.
   */
  #takeAway(member: SimNode): void {
    const { queue, tickLength } = this.#parts;
    const now = queue.now();
    if (this.#isCountedOn(member.id)) return queue.at(now + tickLength, () => this.#takeAway(member));
    member.isRemoved = true;
    queue.at(now + REMOVED_RUNS_TICKS * tickLength, () => member.remove());
  }

  /**
   * Whether a node is a member in the leader's configuration, or may become one again, because the last change is not
   * committed or there is no leader.
   */
  #isCountedOn(id: number): boolean {
    const status = this.#leader()?.replica?.node.status();
    if (status === undefined || status.configurationIndex > status.commitIndex) return true;
    const { voters, votersOutgoing, learners } = status.configuration;
    return [...voters, ...votersOutgoing, ...learners].includes(nodeId(id));
  }

  /** The running leader with the highest term. */
  #leader(): SimNode | null {
    let leader: SimNode | null = null;
    for (const node of this.#parts.nodes.values()) {
      if (node.replica?.node.role !== "leader" || node.isPaused) continue;
      if (leader === null || node.replica.node.term > leader.replica!.node.term) leader = node;
    }
    return leader;
  }
}

/** Tells since when no fault has been active. */
interface Calm {
  /** How many faults were injected or healed so far, if none is in force now; otherwise `null`. */
  since(): number | null;
}

/** The change to request from the leader. A replacement needs the consent of both majorities. */
function changeOf({ change, node, old, steps = [], leaves = true }: Member): ConfigurationChange {
  const id = nodeId(node);
  switch (change) {
    case "add":
    case "demote":
      return { type: "simple", changes: [{ type: "add-learner", node: id }] };
    case "promote":
      return { type: "simple", changes: [{ type: "add-voter", node: id }] };
    case "remove":
      return { type: "simple", changes: [{ type: "remove", node: id }] };
    case "replace": {
      const changes = [{ type: "add-voter", node: id }, { type: "remove", node: nodeId(old!) }] as const;
      return { type: "enter-joint", changes, autoLeave: true };
    }
    case "joint":
      return { type: "enter-joint", changes: steps.map(stepOf), autoLeave: leaves };
    case "wrong":
      return { type: "simple", changes: steps.map(stepOf) };
    case "join":
    case "reuse":
    case "transfer":
      throw new TypeError(`A ${change} is no change of the core's configuration`);
  }
}

function stepOf({ type, node }: MemberStep): CoreStep {
  return { type, node: nodeId(node) };
}
