/**
 * How a leader decides that entries are committed, and what follows from it.
 *
 * @module
 */
import { encodeConfiguration, isJoint } from "./configuration.ts";
import type { Core } from "./core.ts";
import { entryBytes } from "./log.ts";
import { leaveJoint } from "./membership.ts";
import { reachedByQuorum } from "./quorum.ts";
import { releaseReads } from "./read_index.ts";
import { tellAllRemoved } from "./removal.ts";
import { appendAsLeader, notifyCommit, replicateToAll } from "./replication.ts";
import { resign } from "./resign.ts";
import type { LogIndex } from "./types.ts";

/**
 * Commits the entries that a quorum holds durably, if the last of them is of the leader's own term. A leader never
 * commits an entry of an earlier term by counting replicas, only together with a later one (Raft, section 5.4.2 and
 * figure 8).
 */
export function commitAsLeader(core: Core): void {
  const index = reachedByQuorum(core.configuration, core.heldBy) as LogIndex;
  if (index <= core.commitIndex || core.log.termAt(index) !== core.term) return;
  const before = core.commitIndex;
  core.commitTo(index);
  if (core.uncommittedBytes > 0) countCommitted(core, before, index);
  if (before < core.termStartIndex) releaseReads(core);
  if (
    core.configurations.currentIndex <= index &&
    (core.configurations.currentIndex > before || isJoint(core.configuration))
  ) {
    configurationCommitted(core);
  }
}

/**
 * Reacts to the commit of the configuration in force, on a leader that has committed in its own term.
 *
 * Leaves a joint configuration with `autoLeave` (dissertation, section 4.3), even one of an earlier leader. Tells the
 * removed members. A leader that is not a voter of the configuration transfers the leadership (section 4.2.2). Until
 * now it led without counting itself.
 */
function configurationCommitted(core: Core): void {
  const { configuration } = core;
  if (isJoint(configuration)) {
    if (!configuration.autoLeave) return;
    appendAsLeader(core, "configuration", encodeConfiguration(leaveJoint(configuration)));
    replicateToAll(core);
    return;
  }
  tellAllRemoved(core);
  if (core.isVoter) return;
  for (const follower of core.followers) notifyCommit(core, follower);
  resign(core);
}

function countCommitted(core: Core, before: LogIndex, index: LogIndex): void {
  for (let i = Math.max(before + 1, core.termStartIndex); i <= index; i++) {
    const entry = core.log.entryAt(i as LogIndex)!;
    if (entry.kind === "command") core.uncommittedBytes -= entryBytes(entry);
  }
}
