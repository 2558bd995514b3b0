/**
 * Changes of the members: the leader makes exactly the change that it was asked for. The leader's routine promotes a
 * member that is to be a voter, once its disk holds nearly the whole log, and removes the one that it replaces in the
 * same step (dissertation, sections 4.2.1 and 4.3).
 *
 * @module
 */
import {
  type Configuration,
  type ConfigurationChange,
  describeConfiguration,
  type NodeId,
  type ProposalPosition,
  type RaftLog,
  type RaftStatus,
  reachedByQuorum,
} from "../../../raft/mod.ts";
import type { ClientReply } from "../../../server/mod.ts";
import type { DirectoryEntry } from "../../../server/replica/directory.ts";
import { durableThrough, type World } from "./world.ts";

/** A leader has appended a configuration for a change that it was asked for. */
export function changesAsAsked(
  world: World,
  id: number,
  { from, to }: { readonly from: Configuration; readonly to: Configuration },
  change: ConfigurationChange,
): void {
  const right = expected(from, change);
  if (listed(to) === listed(right)) return;
  world.broken(
    `changes: node ${id} was asked for ${told(change)} from ${describeConfiguration(from)}, and makes ` +
      describeConfiguration(to),
  );
}

/** What a leader knows when it is asked for a change. */
interface ChangingLeader {
  readonly status: RaftStatus;
  readonly log: Pick<RaftLog, "termAt">;
}

/**
 * Why a leader must refuse a change; `null` if it must make it (dissertation, sections 4.1 and 4.3, and the correction
 * of 2015). A quorum of the new configuration must have been heard lately, so that it can commit.
 */
export function reasonToRefuse({ status, log }: ChangingLeader, change: ConfigurationChange): string | null {
  const { configuration: from, configurationIndex, commitIndex, transferTarget, followers, id, term } = status;
  if (transferTarget !== null) return "it hands over";
  if (log.termAt(commitIndex) !== term) return "nothing of its term is committed";
  if (configurationIndex > commitIndex) return "another change is not committed";
  const isJoint = from.votersOutgoing.length > 0;
  if (isJoint !== (change.type === "leave-joint")) return isJoint ? "the configuration is joint" : "it is not joint";
  const to = expected(from, change);
  if (to.voters.length === 0) return "no voter is left";
  const differ = to.voters.filter((one) => !from.voters.includes(one)).length +
    from.voters.filter((one) => !to.voters.includes(one)).length;
  if (change.type === "simple" && differ > 1) return `${differ} voters change`;
  if (change.type === "leave-joint") return null;
  const isHeard = (voter: NodeId): boolean => voter === id || followers.some((one) => one.id === voter && one.isActive);
  return reachedByQuorum(to, (voter) => isHeard(voter) ? 1 : 0) >= 1 ? null : "no quorum would be heard";
}

/** The configuration after a change, step by step. */
function expected(from: Configuration, change: ConfigurationChange): Configuration {
  if (change.type === "leave-joint") {
    return {
      ...from,
      votersOutgoing: [],
      learners: [...from.learners, ...from.learnersNext],
      learnersNext: [],
      autoLeave: false,
    };
  }
  let { voters, learners } = from;
  for (const { type, node } of change.changes) {
    voters = voters.filter((voter) => voter !== node);
    learners = learners.filter((learner) => learner !== node);
    if (type === "add-voter") voters = [...voters, node];
    if (type === "add-learner") learners = [...learners, node];
  }
  if (change.type === "simple") return { ...from, voters, learners };
  // A learner-to-be that votes in the old half becomes a learner only when the joint configuration is left.
  const isOld = (node: NodeId): boolean => from.voters.includes(node);
  return {
    voters,
    votersOutgoing: from.voters,
    learners: learners.filter((node) => !isOld(node)),
    learnersNext: learners.filter(isOld),
    autoLeave: change.autoLeave,
  };
}

function listed({ voters, votersOutgoing, learners, learnersNext, autoLeave }: Configuration): string {
  const lists = [voters, votersOutgoing, learners, learnersNext].map((ids) => [...ids].sort((a, b) => a - b));
  return JSON.stringify([...lists, autoLeave]);
}

/** A change in words. */
export function told(change: ConfigurationChange): string {
  if (change.type === "leave-joint") return "leave-joint";
  return `${change.type} ${change.changes.map(({ type, node }) => `${type} ${node}`).join(", ")}`;
}

/** What is known where a leader's routine asks for a change. */
interface Routine {
  readonly members: readonly number[];
  readonly directory: ReadonlyMap<number, DirectoryEntry>;
  /** The last entry of the leader's log. */
  readonly lastIndex: number;
  /** A member that lacks no more than this many entries has caught up. */
  readonly caughtUpEntries: number;
}

/** The routine of a leader asks for a change. */
export function promotesInTime(world: World, id: number, change: ConfigurationChange, routine: Routine): void {
  const wrong = change.type === "leave-joint" ? "leaves a joint configuration" : wrongPromotion(world, change, routine);
  if (wrong !== null) world.broken(`changes: the routine of leader ${id} ${wrong}`);
}

function wrongPromotion(
  world: World,
  { changes }: Exclude<ConfigurationChange, { readonly type: "leave-joint" }>,
  { members, directory, lastIndex, caughtUpEntries }: Routine,
): string | null {
  const removed = changes.filter(({ type }) => type === "remove").map(({ node }): number => node);
  const promoted = changes.filter(({ type }) => type === "add-voter");
  const due: number[] = [];
  for (const { node } of promoted) {
    const { wish, replaces } = directory.get(node) ?? { wish: "as-is", replaces: 0 };
    if (wish !== "voter") return `promotes node ${node}, which is to stay as it is`;
    if (replaces !== 0 && members.includes(replaces)) due.push(replaces);
    const known = world.nodes.get(node);
    const held = known === undefined ? 0 : Math.max(0, durableThrough(known));
    if (held === 0 || held + caughtUpEntries < lastIndex) {
      return `promotes node ${node}, which holds ${held} of ${lastIndex} entries`;
    }
  }
  if (promoted.length === 0) return "promotes nobody";
  if (due.length === removed.length && due.every((node) => removed.includes(node))) return null;
  return `promotes node ${promoted[0]!.node} and removes ${removed.join(", ") || "none"}, not ${
    due.join(", ") || "none"
  }`;
}

/** A change is answered ok only if its entry is committed, and with a failure only if another entry took its place. */
export function answersChange(
  world: World,
  id: number,
  { index, term }: ProposalPosition,
  reply: ClientReply,
): void {
  const { committed, committedThrough } = world;
  const isCommitted = index <= committedThrough && (committed[index] ?? term) === term;
  if (reply.type === "ok" && !isCommitted) {
    world.broken(`changes: node ${id} answers ok to a change that is not committed`);
  }
  if (reply.type === "fail" && committed[index] === term) {
    world.broken(`changes: node ${id} answers a failure to a change that is committed`);
  }
}
