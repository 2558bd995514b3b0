/**
 * The end of a simulated run: after all is healed and all requests have ended, the cluster must come to rest and stay
 * at rest.
 *
 * @module
 */
import { membersOf } from "../../raft/mod.ts";
import { isMajority, mayVote } from "../nemesis/view.ts";
import { addressOf } from "./host.ts";
import type { EventQueue } from "./event_queue.ts";
import { outgrown } from "./invariants/bounds.ts";
import type { Invariants } from "./invariants/invariants.ts";
import { differentStates, leaderOf, type QuietNode, unrest } from "./invariants/quiet.ts";
import type { SimNode } from "./node.ts";

/**
 * After this many ticks, requests whose answers were lost are given up: a forwarded request takes at most 500 ticks.
 */
const SETTLE_TICKS = 700;
/** How many ticks pass from one check of the cluster to the next. */
const LOOK_TICKS = 4;
/** For how many election timeouts the cluster must stay quiet. */
const QUIET_TIMEOUTS = 3;

/** The parts that settling needs. */
interface SettlingParts {
  readonly queue: EventQueue;
  readonly tickLength: number;
  readonly electionTimeoutTicks: number;
  readonly invariants: Invariants;
  readonly nodes: () => readonly SimNode[];
}

/** Waits until the cluster is at rest, and a while longer. Anything else is a breach. */
export function settle(parts: SettlingParts, done: () => void): void {
  const { queue, tickLength, electionTimeoutTicks, invariants } = parts;
  const endsAt = queue.now() + SETTLE_TICKS * tickLength;
  let quietSince: { readonly at: number; readonly term: number } | null = null;
  const look = (): void => {
    if (invariants.isBroken || !canServe(parts.nodes())) return done();
    const nodes = quietNodes(parts.nodes());
    const found = unrest(nodes);
    // A leader's routine tasks may start once more; after them it is quiet again.
    if (found !== null) quietSince = null;
    if (found !== null && queue.now() >= endsAt) {
      invariants.broken(`quiet: ${SETTLE_TICKS} ticks after all was healed, ${found}`);
    }
    if (invariants.isBroken) return done();
    if (found === null) quietSince ??= { at: queue.now(), term: highestTerm(nodes) };
    if (quietSince === null || queue.now() < quietSince.at + QUIET_TIMEOUTS * electionTimeoutTicks * tickLength) {
      return queue.at(queue.now() + LOOK_TICKS * tickLength, look);
    }
    if (highestTerm(membersAmong(nodes)) > quietSince.term) {
      invariants.broken("quiet: nodes went on to a later term, and nobody was lost");
    }
    for (const node of parts.nodes()) {
      const held = nodes.some(({ id }) => id === node.id) ? node.holding : null;
      const beyond = held === null ? null : outgrown(held);
      if (beyond !== null) invariants.broken(`bounds: ${beyond}`);
    }
    const different = differentStates(nodes);
    if (different !== null) invariants.broken(`state machine safety: ${different}`);
    done();
  };
  look();
}

/** Whether the running nodes that give votes are a majority of every configuration that one of them knows. */
function canServe(nodes: readonly SimNode[]): boolean {
  const view = nodes.map((node) => node.view());
  return isMajority(view.filter((node) => node.state === "running" && mayVote(node)).map(({ id }) => id), view);
}

function quietNodes(nodes: readonly SimNode[]): QuietNode[] {
  return nodes.flatMap((node) => {
    const { host } = node;
    if (host === null || node.view().state !== "running") return [];
    const { replica, front } = host;
    return [{
      id: node.id,
      status: replica.node.status(),
      waiting: replica.waiting,
      open: front.open,
      directory: host.directory.entries,
      birth: replica.journal.birth,
      address: addressOf(node.id),
      sizes: { sessions: replica.machine.sessionCount, replyBytes: replica.machine.replyBytes },
      state: () => replica.machine.snapshot(),
    }];
  });
}

/**
 * The members of the leader's configuration. Other nodes may reach later terms until they hear that they were removed;
 * members are loyal to their leader.
 */
function membersAmong(nodes: readonly QuietNode[]): QuietNode[] {
  const leader = leaderOf(nodes);
  const members: readonly number[] = leader === null ? [] : membersOf(leader.status.configuration);
  return leader === null ? [...nodes] : nodes.filter(({ id }) => members.includes(id));
}

/** The highest term of these nodes. It does not rise because nodes join, leave or catch up meanwhile. */
function highestTerm(nodes: readonly QuietNode[]): number {
  return nodes.reduce((most, { status }) => Math.max(most, status.term), 0);
}
