/**
 * How a node learns that it was removed.
 *
 * The entry that removes a node is sent only to the members of the new configuration (dissertation, section 4.2.2), so
 * the removed node would campaign for ever, in vain. Therefore each node that knows the entry to be committed tells it.
 *
 * @module
 */
import { isJoint, isMember } from "./configuration.ts";
import { type Core, MAX_TIMEOUT_FACTOR } from "./core.ts";
import type { Envelope, RemovalNotice } from "./message.ts";
import { becomeFollower } from "./roles.ts";
import type { NodeId } from "./types.ts";

/** Tells a node that it is no member, if that is certain. */
export function tellRemoved(core: Core, to: NodeId): void {
  const { configuration, configurations, commitIndex } = core;
  const configurationIndex = configurations.currentIndex;
  if (configurationIndex === 0 || configurationIndex > commitIndex || isJoint(configuration)) return;
  if (configuration.voters.length === 0 || isMember(configuration, to)) return;
  core.send({ type: "removal-notice", from: core.id, to, term: core.term, afterSync: false, configurationIndex });
}

/** Tells every member that the committed configuration has removed. */
export function tellAllRemoved(core: Core): void {
  for (const id of core.departed) tellRemoved(core, id);
  core.departed = [];
}

/** Whether the sender of a message is not a member of the configuration in force. */
export function isStranger(core: Core, envelope: Envelope): boolean {
  const { voters, votersOutgoing, learners } = core.configuration;
  const { from } = envelope;
  return !voters.includes(from) && !votersOutgoing.includes(from) && !learners.includes(from);
}

/**
 * Handles the notice that this node was removed. The node does not campaign for ten election timeouts. If it then
 * campaigns, it is told again. A message from a leader ends the silence at once, so a forged or late notice cannot
 * silence the node for ever. The node goes on voting, which is safe.
 */
export function handleRemovalNotice(core: Core, notice: RemovalNotice): void {
  // The node may hold that very configuration, and not know that it is committed.
  const { configurationIndex } = notice;
  if (configurationIndex === 0 || configurationIndex < core.configurations.currentIndex) {
    return core.reject(notice, "the node knows a later configuration");
  }
  if (core.role === "leader") return core.reject(notice, "the node leads");
  core.removedAt = configurationIndex;
  core.removedUntilTick = core.clock + MAX_TIMEOUT_FACTOR * core.config.electionTimeoutTicks;
  if (core.role !== "follower") becomeFollower(core, core.term, null);
}
