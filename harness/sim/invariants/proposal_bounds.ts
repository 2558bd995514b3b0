/**
 * Proposals: a leader takes a command unless it hands over, or too many bytes await their commit or the disk. A naive
 * sum over the log decides (raft/proposal.ts).
 *
 * @module
 */
import { type Entry, entryBytes, type LogIndex, ProposalRefusedError, type RaftNode } from "../../../raft/mod.ts";

/** The bounds of a leader's proposals. */
export interface ProposalLimits {
  readonly maxUncommittedBytes: number;
  readonly maxUnsyncedBytes: number;
}

/** A log, as far as the sums look at it. */
interface ProposalLog {
  readonly lastIndex: number;
  readonly durableIndex: number;
  readonly entryAt: (index: LogIndex) => Entry | undefined;
}

/** Where so many bytes are allowed, only refusals are judged: the sums would take long. */
const MANY_BYTES = 1_000_000;

/** Lets a leader propose a command, and compares its decision. */
export function proposes<T>(
  node: Pick<RaftNode, "id" | "role" | "term" | "commitIndex" | "status">,
  log: ProposalLog,
  limits: ProposalLimits,
  { command, propose, broken }: {
    readonly command: Uint8Array;
    readonly propose: (command: Uint8Array) => T;
    readonly broken: (what: string) => void;
  },
): T {
  const { role } = node;
  const isJudged = role === "leader" && Math.min(limits.maxUncommittedBytes, limits.maxUnsyncedBytes) <= MANY_BYTES;
  const right = isJudged ? refusal(node, log, limits, command) : null;
  try {
    const position = propose(command);
    if (right !== null) broken(`proposals: node ${node.id} takes a command, though ${right}`);
    return position;
  } catch (error) {
    const isWrong = role === "leader" && error instanceof ProposalRefusedError &&
      (right ?? refusal(node, log, limits, command)) === null;
    if (isWrong) broken(`proposals: node ${node.id} refuses a command without a reason: ${error.message}`);
    throw error;
  }
}

/** A node tells beforehand whether it refuses a command, and why. Compares, and returns that. */
export function refusesRightly(
  node: Pick<RaftNode, "id" | "role" | "term" | "commitIndex" | "status">,
  log: ProposalLog,
  limits: ProposalLimits,
  { command, why, broken }: {
    readonly command: Uint8Array;
    readonly why: string | null;
    readonly broken: (what: string) => void;
  },
): string | null {
  const isWrong = why !== null && node.role === "leader" && refusal(node, log, limits, command) === null;
  if (isWrong) broken(`proposals: node ${node.id} refuses a command without a reason: ${why}`);
  return why;
}

/** Why a leader must refuse a command; `null` if it must take it. */
function refusal(
  node: Pick<RaftNode, "term" | "commitIndex" | "status">,
  log: ProposalLog,
  { maxUncommittedBytes, maxUnsyncedBytes }: ProposalLimits,
  command: Uint8Array,
): string | null {
  const { term, commitIndex } = node;
  const bytes = entryBytes({ data: command });
  let uncommitted = 0, unsynced = 0;
  for (let index = log.lastIndex; index > Math.min(commitIndex, log.durableIndex); index--) {
    const entry = log.entryAt(index as LogIndex);
    if (entry === undefined) continue;
    if (index > commitIndex && entry.term === term && entry.kind === "command") uncommitted += entryBytes(entry);
    if (index > log.durableIndex) unsynced += entryBytes(entry);
  }
  if (node.status().transferTarget !== null) return "it hands over";
  if (uncommitted > 0 && uncommitted + bytes > maxUncommittedBytes) return `${uncommitted} bytes await their commit`;
  return unsynced > 0 && unsynced + bytes > maxUnsyncedBytes ? `${unsynced} bytes await the disk` : null;
}
