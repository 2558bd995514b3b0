/**
 * Changes of a configuration (dissertation, chapter 4), as pure functions from one configuration to the next.
 *
 * @module
 */
import { boolean, checkArray, checkBytes, checkObject, checkOptionNames, shown } from "./arguments.ts";
import { configurationOf, isJoint, MAX_CONTEXT_BYTES, MAX_MEMBERS, membersOf, sortedIds } from "./configuration.ts";
import { ChangeRefusedError } from "./errors.ts";
import { type Configuration, type NodeId, nodeId } from "./types.ts";

/** What happens to one node. */
export interface MemberChange {
  /**
   * `"add-voter"` also promotes a learner, `"add-learner"` also demotes a voter. Repeating what is already true is no
   * error.
   */
  readonly type: "add-voter" | "add-learner" | "remove";
  /** The node. */
  readonly node: NodeId;
}

/**
 * A change of the configuration.
 *
 * `"simple"` changes at most one voter (section 4.1), and any number of learners. `"enter-joint"` may change anything.
 * The joint configuration must be left again: by the leader itself with `autoLeave`, otherwise by `"leave-joint"`
 * (section 4.3).
 */
export type ConfigurationChange =
  & (
    | { readonly type: "simple"; readonly changes: readonly MemberChange[] }
    | { readonly type: "enter-joint"; readonly changes: readonly MemberChange[]; readonly autoLeave: boolean }
    | { readonly type: "leave-joint" }
  )
  & {
    /**
     * The host's bytes about the members, such as their addresses: at most 256 KiB. They replace the earlier ones; left
     * out, the earlier ones stay. They are not copied, so they must not change afterwards.
     */
    readonly context?: Uint8Array;
  };

const MEMBER_CHANGES: readonly unknown[] = ["add-voter", "add-learner", "remove"] satisfies MemberChange["type"][];

/**
 * Checks the shape of a change.
 *
 * @param change What a host passed.
 * @throws {TypeError} If it is not a change; the message names the part that is wrong.
 * @throws {RangeError} If a node's number is out of range, or the context is too large.
 */
export function checkChange(change: ConfigurationChange): void {
  checkObject(change, "a ConfigurationChange");
  const { type, context } = change;
  if (context !== undefined) {
    checkBytes(context, "context");
    if (context.length > MAX_CONTEXT_BYTES) {
      throw new RangeError(
        `Cannot take a context of ${context.length} bytes: at most ${MAX_CONTEXT_BYTES} are allowed`,
      );
    }
  }
  switch (type) {
    case "leave-joint":
      return checkOptionNames(change, ["type", "context"], "a change of the type leave-joint");
    case "enter-joint":
      boolean(change.autoLeave, "autoLeave");
      checkOptionNames(change, ["type", "changes", "autoLeave", "context"], "a change of the type enter-joint");
      return checkMemberChanges(change.changes);
    case "simple":
      checkOptionNames(change, ["type", "changes", "context"], "a change of the type simple");
      return checkMemberChanges(change.changes);
    default:
      throw new TypeError(
        `Cannot take ${shown(type)} as the type of a ConfigurationChange: it is simple, enter-joint or leave-joint`,
      );
  }
}

function checkMemberChanges(changes: unknown): void {
  checkArray(changes, "changes");
  for (const one of changes) {
    checkObject(one, "a MemberChange");
    checkOptionNames(one, ["type", "node"], "a MemberChange");
    if (!MEMBER_CHANGES.includes(one.type)) {
      throw new TypeError(
        `Cannot take ${shown(one.type)} as the type of a MemberChange: it is add-voter, add-learner or remove`,
      );
    }
    nodeId(one.node as number);
  }
}

/** A configuration, and its members that start without progress. */
export interface ChangedConfiguration {
  /** The configuration after the change. */
  readonly configuration: Configuration;
  /** The members that are new, or were removed and came back. What the leader knew of them no longer holds. */
  readonly joined: readonly NodeId[];
}

/**
 * The configuration after a change.
 *
 * @param from The configuration before it.
 * @param change The change.
 * @returns The configuration, and its new members.
 * @throws {TypeError} If `change` is not a change.
 * @throws {ChangeRefusedError} If the change is not possible from `from`, or would leave no voter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { changeConfiguration, configurationOf, describeConfiguration, nodeId } from "@kayadb/raft/raft";
 *
 * const three = configurationOf([nodeId(1), nodeId(2), nodeId(3)]);
 * const replace = [{ type: "add-voter", node: nodeId(4) }, { type: "remove", node: nodeId(1) }] as const;
 * const { configuration } = changeConfiguration(three, { type: "enter-joint", changes: replace, autoLeave: true });
 * assert.equal(describeConfiguration(configuration), "voters=(2 3 4)&&(1 2 3) autoleave");
 * ```
 */
export function changeConfiguration(from: Configuration, change: ConfigurationChange): ChangedConfiguration {
  checkChange(change);
  const { configuration, joined } = changeMembers(from, change);
  return { configuration: withContext(configuration, change.context ?? from.context), joined };
}

function changeMembers(from: Configuration, change: ConfigurationChange): ChangedConfiguration {
  switch (change.type) {
    case "simple":
      return simpleChange(from, change.changes);
    case "enter-joint":
      return enterJoint(from, change.changes, change.autoLeave);
    case "leave-joint":
      return { configuration: leaveJoint(from), joined: [] };
  }
}

function withContext(configuration: Configuration, context: Uint8Array | undefined): Configuration {
  return context === undefined ? configuration : { ...configuration, context };
}

/**
 * Makes a change that needs no joint configuration: majorities that differ by at most one voter always overlap (section
 * 4.1).
 *
 * @param from A configuration that is not joint.
 * @param changes The changes of members, in order.
 * @returns The configuration, and its new members.
 * @throws {ChangeRefusedError} If more than one voter would change, or none would be left.
 */
function simpleChange(from: Configuration, changes: readonly MemberChange[]): ChangedConfiguration {
  if (isJoint(from)) {
    throw new ChangeRefusedError("Cannot make a simple change in a joint configuration: leave it first");
  }
  const changed = apply(from, changes);
  const { voters } = changed.configuration;
  const different = voters.filter((id) => !from.voters.includes(id)).length +
    from.voters.filter((id) => !voters.includes(id)).length;
  if (different > 1) {
    throw new ChangeRefusedError(`Cannot change ${different} voters at once: enter a joint configuration instead`);
  }
  return changed;
}

/**
 * Enters a joint configuration: from here on both the old and the new voters must agree (section 4.3).
 *
 * @param from A configuration that is not joint, with at least one voter.
 * @param changes The changes of members, in order.
 * @param autoLeave Whether the leader leaves it by itself.
 * @returns The configuration, and its new members.
 * @throws {ChangeRefusedError} If `from` is joint already, or no voter would be left.
 */
function enterJoint(
  from: Configuration,
  changes: readonly MemberChange[],
  autoLeave: boolean,
): ChangedConfiguration {
  if (isJoint(from)) throw new ChangeRefusedError("Cannot enter a joint configuration from another: leave it first");
  if (from.voters.length === 0) {
    throw new ChangeRefusedError("Cannot enter a joint configuration from one without voters");
  }
  return apply({ ...from, votersOutgoing: from.voters, autoLeave }, changes);
}

/**
 * Leaves a joint configuration: from here on the new voters decide alone, and the voters in `learnersNext` become
 * learners.
 *
 * @param from A joint configuration.
 * @returns The configuration.
 * @throws {ChangeRefusedError} If it is not joint.
 */
export function leaveJoint(from: Configuration): Configuration {
  if (!isJoint(from)) throw new ChangeRefusedError("Cannot leave a joint configuration: this one is not joint");
  return withContext(configurationOf(from.voters, [...from.learners, ...from.learnersNext]), from.context);
}

function apply(from: Configuration, changes: readonly MemberChange[]): ChangedConfiguration {
  const voters = new Set(from.voters);
  const learners = new Set(from.learners);
  const learnersNext = new Set(from.learnersNext);
  const outgoing = new Set(from.votersOutgoing);
  const joined = new Set<NodeId>();
  const isMember = (id: NodeId): boolean => voters.has(id) || learners.has(id) || outgoing.has(id);
  const remove = (id: NodeId): void => {
    voters.delete(id);
    learners.delete(id);
    learnersNext.delete(id);
  };
  for (const { type, node } of changes) {
    if (type !== "remove" && !isMember(node)) joined.add(node);
    remove(node);
    if (type === "add-voter") voters.add(node);
    // A voter of the old list stays one until the joint configuration is left (etcd's learners_next).
    else if (type === "add-learner") (outgoing.has(node) ? learnersNext : learners).add(node);
    else if (!isMember(node)) joined.delete(node);
  }
  if (voters.size === 0) throw new ChangeRefusedError("Cannot leave a configuration without voters");
  const size = new Set([...voters, ...learners, ...outgoing]).size;
  if (size > MAX_MEMBERS) {
    throw new ChangeRefusedError(`Cannot have ${size} members: at most ${MAX_MEMBERS} are allowed`);
  }
  const configuration: Configuration = {
    voters: sortedIds(voters),
    votersOutgoing: from.votersOutgoing,
    learners: sortedIds(learners),
    learnersNext: sortedIds(learnersNext),
    autoLeave: from.autoLeave,
  };
  return { configuration, joined: sortedIds(joined).filter((id) => membersOf(configuration).includes(id)) };
}
