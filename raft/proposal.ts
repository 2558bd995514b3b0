/**
 * Commands and configuration changes that a leader takes from its host, and the reasons to refuse them.
 *
 * @module
 */
import { checkBytes } from "./arguments.ts";
import { encodeConfiguration } from "./configuration.ts";
import type { Core } from "./core.ts";
import { ChangeRefusedError, NotLeaderError, ProposalRefusedError } from "./errors.ts";
import { entryBytes } from "./log.ts";
import { changeConfiguration, checkChange, type ConfigurationChange } from "./membership.ts";
import { isQuorum } from "./quorum.ts";
import { appendAsLeader } from "./replication.ts";
import type { Configuration, NodeId, ProposalPosition } from "./types.ts";

/** Why the leader would refuse a command for now; `null` if it would not. */
export function proposalRefusal(core: Core, command: Uint8Array): string | null {
  return whyInTransfer(core) ?? whyTooMuch(core, entryBytes({ data: command }));
}

/** Appends a command, unless too many bytes are uncommitted or the leader is handing over. */
export function propose(core: Core, command: Uint8Array): ProposalPosition {
  if (!(command instanceof Uint8Array)) checkBytes(command, "a command");
  if (core.role !== "leader") throw new NotLeaderError(core.leader);
  refuseInTransfer(core);
  const { maxCommandBytes } = core.config;
  if (command.length > maxCommandBytes) {
    throw new RangeError(`Cannot propose a command of ${command.length} bytes: at most ${maxCommandBytes} are allowed`);
  }
  const bytes = entryBytes({ data: command });
  const why = whyTooMuch(core, bytes);
  if (why !== null) throw new ProposalRefusedError(why);
  const entry = appendAsLeader(core, "command", command);
  core.uncommittedBytes += bytes;
  core.openProposals.add(entry.index, entry.term);
  return { index: entry.index, term: entry.term };
}

/**
 * Appends a configuration, which takes effect at once.
 *
 * The leader makes one change at a time, because each is safe only beside the one before it (dissertation, section
 * 4.1). It makes none before it has committed in its own term: otherwise two leaders could each make a change that the
 * other does not know of (Ongaro's correction to section 4.1, of 2015).
 */
export function proposeChange(core: Core, change: ConfigurationChange): ProposalPosition {
  checkChange(change);
  if (core.role !== "leader") throw new NotLeaderError(core.leader);
  refuseInTransfer(core);
  if (!core.hasCommittedInTerm) {
    throw new ChangeRefusedError(`Cannot change the configuration: no entry of term ${core.term} is committed yet`);
  }
  const pending = core.configurations.currentIndex;
  if (pending > core.commitIndex) {
    throw new ChangeRefusedError(`Cannot change the configuration: the one at index ${pending} is not committed yet`);
  }
  const { configuration, joined } = changeConfiguration(core.configuration, change);
  if (change.type !== "leave-joint") refuseWithoutQuorum(core, configuration);
  // A node that a change removes and adds again starts without progress.
  for (const id of joined) core.progress.delete(id);
  const entry = appendAsLeader(core, "configuration", encodeConfiguration(configuration));
  core.openProposals.add(entry.index, entry.term);
  return { index: entry.index, term: entry.term };
}

/**
 * Refuses a change if the leader has not heard within an election timeout from a quorum of the new configuration: such
 * a change could be neither committed nor undone.
 */
function refuseWithoutQuorum(core: Core, configuration: Configuration): void {
  const isHeard = (id: NodeId): boolean => {
    if (id === core.id) return true;
    return core.progress.get(id)?.isHeardWithin(core.config.electionTimeoutTicks, core.clock) === true;
  };
  if (isQuorum(configuration, isHeard)) return;
  const silent = [...configuration.voters, ...configuration.votersOutgoing].filter((id) => !isHeard(id));
  throw new ChangeRefusedError(
    `Cannot change the configuration: a quorum would need voters that the leader has not heard from lately: ${
      [...new Set(silent)].join(", ")
    }. Add a voter as a learner first`,
  );
}

function refuseInTransfer(core: Core): void {
  const why = whyInTransfer(core);
  if (why !== null) throw new ProposalRefusedError(why);
}

function whyInTransfer({ transferTarget }: Core): string | null {
  return transferTarget === null
    ? null
    : `Cannot propose: the leadership is being handed over to node ${transferTarget}`;
}

/** Why so many more bytes are too many. One command is never too many. */
function whyTooMuch(core: Core, bytes: number): string | null {
  const { maxUncommittedBytes, maxUnsyncedBytes } = core.config;
  const { uncommittedBytes, log } = core;
  if (uncommittedBytes > 0 && uncommittedBytes + bytes > maxUncommittedBytes) {
    return `Cannot propose ${bytes} bytes: ${uncommittedBytes} of at most ${maxUncommittedBytes} bytes await their commit`;
  }
  if (log.durableIndex >= log.lastIndex) return null;
  const unsynced = core.unsynced.count();
  return unsynced === 0 || unsynced + bytes <= maxUnsyncedBytes
    ? null
    : `Cannot propose ${bytes} bytes: ${unsynced} of at most ${maxUnsyncedBytes} bytes await the disk's sync`;
}
