/**
 * Changes of the members of a simulated cluster, and what becomes of the nodes that come and go by them.
 *
 * @module
 */
import { type ConfigurationChange, nodeId } from "../../raft/mod.ts";
import { MILLISECOND } from "../../server/clock.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import { typeOf } from "../nemesis/faults.ts";
import type { Strike } from "../nemesis/kind.ts";
import type { Member } from "../nemesis/member.ts";
import type { EventQueue } from "./event_queue.ts";
import type { SimNode } from "./node.ts";

/** A member that was removed goes on for this many ticks, as one would that nobody has told. */
const REMOVED_RUNS_TICKS = 200;
/** How long the nemesis waits for a change of the members. */
const CHANGE_TIMEOUT = 5_000 * MILLISECOND;

/** What changes of the members need of a cluster. */
export interface MemberChangesParts {
  readonly queue: EventQueue;
  readonly tickLength: number;
  readonly nodes: ReadonlyMap<number, SimNode>;
  /** Starts a node that is no member yet. */
  readonly join: (id: number) => void;
}

/** Asks the leader for changes of the members. */
export class MemberChanges {
  readonly #parts: MemberChangesParts;

  /** @param parts The cluster. */
  constructor(parts: MemberChangesParts) {
    this.#parts = parts;
  }

  /** Asks for a change, and waits for its end. */
  ask(fault: Member, done: (strike: Strike) => void): void {
    const { queue, nodes, join } = this.#parts;
    const { change, node: id } = fault;
    const leader = this.#leader();
    const name = typeOf(fault).say(fault);
    if (leader === null) return done({ struck: false, detail: `${name}: nobody leads` });
    const joins = change === "add" || change === "replace";
    if (joins === nodes.has(id)) {
      return done({ struck: false, detail: `${name}: ${joins ? "there is such a node" : "there is no such node"}` });
    }
    if (joins) join(id);
    let isOpen = true;
    const end = (reply: ClientReply): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#afterChange(fault, reply);
      done({ struck: reply.type !== "fail", detail: reply.type === "ok" ? name : `${name}: ${reply.error}` });
    };
    queue.after(CHANGE_TIMEOUT, () => end({ type: "info", error: "no answer in time" }));
    if (change === "transfer") leader.replica!.transferLeadership(id, end);
    else leader.replica!.changeMembers(changeOf(fault), end);
  }

  #afterChange({ change, node, old }: Member, reply: ClientReply): void {
    const { nodes } = this.#parts;
    if (reply.type === "fail" && (change === "add" || change === "replace")) nodes.get(node)!.remove();
    if (reply.type !== "ok") return;
    const gone = change === "remove" ? node : change === "replace" ? old : undefined;
    const leaving = gone === undefined ? undefined : nodes.get(gone);
    if (leaving !== undefined) this.#takeAway(leaving);
  }

  /** Takes a member away once it may go: a joint configuration, in which the change was answered, still counts on it until it is left. */
  #takeAway(member: SimNode): void {
    const { queue, tickLength } = this.#parts;
    const now = queue.now();
    if (this.#isCountedOn(member.id)) return queue.at(now + tickLength, () => this.#takeAway(member));
    member.isRemoved = true;
    queue.at(now + REMOVED_RUNS_TICKS * tickLength, () => member.remove());
  }

  /** Whether a node is a member by the leader's configuration, or may be again, as the last change is not committed, or nobody leads. */
  #isCountedOn(id: number): boolean {
    const status = this.#leader()?.replica?.node.status();
    if (status === undefined || status.configurationIndex > status.commitIndex) return true;
    const { voters, votersOutgoing, learners } = status.configuration;
    return [...voters, ...votersOutgoing, ...learners].includes(nodeId(id));
  }

  /** The running node that leads with the highest term. */
  #leader(): SimNode | null {
    let leader: SimNode | null = null;
    for (const node of this.#parts.nodes.values()) {
      if (node.replica?.node.role !== "leader" || node.isPaused) continue;
      if (leader === null || node.replica.node.term > leader.replica!.node.term) leader = node;
    }
    return leader;
  }
}

/** The change that the leader is asked for. A replacement takes both majorities' consent. */
function changeOf({ change, node, old }: Member): ConfigurationChange {
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
    case "transfer":
      throw new TypeError("A transfer is no change of the members");
  }
}
