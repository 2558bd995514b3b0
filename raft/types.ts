/**
 * The nouns of Raft: identities, roles, entries, configurations, snapshots.
 *
 * @module
 */
import { wholeNumber } from "./arguments.ts";

/**
 * A member's identity, from 1 up. Never give the identity of a removed member, or of one that lost its disk, to
 * another.
 */
export type NodeId = number & { readonly brand: "NodeId" };

/** A leader's time in office (Raft, section 5.1), from 0 up; 0 is before the first election. */
export type Term = number & { readonly brand: "Term" };

/**
 * The largest term: 2^48, which at a thousand elections a second lasts for 8,900 years. A message of a larger one is
 * refused, and no message raises the receiver's term by more than `MAX_TERM_JUMP`: none can use the terms up.
 */
export const MAX_TERM: Term = 281474976710656 as Term;

/**
 * By how much one message may raise a term: 2^32. A node that campaigned once a second in vain would need 136 years to
 * get so far ahead. The term of a message beyond that is approached in steps, so that nodes find together in any case.
 */
export const MAX_TERM_JUMP = 4294967296;

/** A position in the log, from 1 up; 0 is before the first entry. */
export type LogIndex = number & { readonly brand: "LogIndex" };

/** The largest index of a log, and the largest size of a snapshot in bytes: 2^48. */
export const MAX_INDEX: LogIndex = 281474976710656 as LogIndex;

/**
 * A node's identity.
 *
 * @param value A whole number from 1 to 2^53 - 1.
 * @returns The same number, branded.
 * @throws {TypeError} Where it is no number.
 * @throws {RangeError} Where it is out of that range.
 */
export function nodeId(value: number): NodeId {
  return wholeNumber(value, "a NodeId", 1) as NodeId;
}

/**
 * A term.
 *
 * @param value A whole number from 0 to `MAX_TERM`.
 * @returns The same number, branded.
 * @throws {TypeError} Where it is no number.
 * @throws {RangeError} Where it is out of that range.
 */
export function term(value: number): Term {
  return wholeNumber(value, "a Term", 0, MAX_TERM) as Term;
}

/**
 * An index of the log.
 *
 * @param value A whole number from 0 to `MAX_INDEX`.
 * @returns The same number, branded.
 * @throws {TypeError} Where it is no number.
 * @throws {RangeError} Where it is out of that range.
 */
export function logIndex(value: number): LogIndex {
  return wholeNumber(value, "a LogIndex", 0, MAX_INDEX) as LogIndex;
}

/** What a node is: the three states of Raft's figure 4, and the pre-candidate of the dissertation's section 9.6. */
export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/**
 * What an entry is: `"noop"` opens a leader's term, `"command"` is a host's, `"configuration"` holds the members.
 * The kind travels beside the bytes, so that no bytes of a client can be taken for a configuration.
 */
export type EntryKind = "noop" | "command" | "configuration";

/** An entry of the log. It is shared by reference: nobody may change it, or its `data`, once it was made. */
export interface Entry {
  /** Its position. */
  readonly index: LogIndex;
  /** The term of the leader that made it. */
  readonly term: Term;
  /** What it is. */
  readonly kind: EntryKind;
  /** The command's bytes, or the configuration's (configuration.ts); none for a noop. */
  readonly data: Uint8Array;
}

/** What a node must not forget over a restart, beside its log (Raft, figure 2). */
export interface HardState {
  /** The latest term that the node has seen. */
  readonly term: Term;
  /** Whom it voted for in that term. */
  readonly votedFor: NodeId | null;
}

/**
 * Who the members are. Each list is sorted and without repetition.
 *
 * In joint consensus (dissertation, section 4.3) `votersOutgoing` are the old voters, and a decision needs a majority
 * of both lists.
 */
export interface Configuration {
  /** The voters; in a joint configuration the new ones. */
  readonly voters: readonly NodeId[];
  /** The old voters of a joint configuration; empty in every other. */
  readonly votersOutgoing: readonly NodeId[];
  /** Members that hold the log without a vote. */
  readonly learners: readonly NodeId[];
  /** Voters of `votersOutgoing` that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** Whether the leader leaves the joint configuration by itself once it is committed. */
  readonly autoLeave: boolean;
  /**
   * The host's own bytes about the members, such as their addresses: those of the last change that brought some. They
   * travel with the configuration, through the log and snapshots. Left out where no change has brought any.
   */
  readonly context?: Uint8Array;
}

/** The bytes of a snapshot, by what tells them from others: the core never sees the bytes themselves. */
export interface SnapshotContent {
  /** How many there are. */
  readonly bytes: number;
  /** Their CRC-32C (`crc32c`). */
  readonly digest: number;
}

/**
 * The identity of a snapshot: of the state of a host at an index, in place of the log's entries up to there (Raft,
 * section 7). The bytes are in the log.
 */
export interface Snapshot extends SnapshotContent {
  /** The last entry that it covers. */
  readonly index: LogIndex;
  /** That entry's term. */
  readonly term: Term;
  /** The members as of that entry, not as of a later one. */
  readonly configuration: Configuration;
}

/** Whether two identities name the same bytes. */
export function isSameSnapshot(a: Snapshot, b: Snapshot): boolean {
  return a.index === b.index && a.term === b.term && a.bytes === b.bytes && a.digest === b.digest;
}

/** What a node may have acknowledged and lost. */
export interface Doubt {
  /** No entry above this index. */
  readonly lastIndex: number;
  /** No entry, and no vote, of a later term. */
  readonly term: number;
}

/** A committed command, handed to the host: in order of its index, each once. */
export interface RaftApplyCommand {
  /** Its entry's index; where noops and configurations lie between, indexes are left out. */
  readonly index: LogIndex;
  /** Its entry's term. */
  readonly term: Term;
  /** The bytes that were proposed. */
  readonly command: Uint8Array;
}

/** Where a proposal stands in the log: it has happened once an entry of that very index and term is applied. */
export interface ProposalPosition {
  /** The entry's index. */
  readonly index: LogIndex;
  /** The entry's term: another term at this index means that the proposal was lost. */
  readonly term: Term;
}
