/**
 * The nouns of Raft: identities, roles, entries, configurations, snapshots.
 *
 * @module
 */
import { wholeNumber } from "./arguments.ts";

/** A member's identity, from 1 up. Never reuse the identity of a removed member, or of one that lost its disk. */
export type NodeId = number & { readonly brand: "NodeId" };

/** A leader's time in office (Raft, section 5.1), from 0 up; 0 is before the first election. */
export type Term = number & { readonly brand: "Term" };

/**
 * The largest term: 2^48, enough for 8,900 years at a thousand elections a second. A node rejects a message of a larger
 * term, and no message raises a term by more than `MAX_TERM_JUMP`, so no message can use the terms up.
 */
export const MAX_TERM: Term = 281474976710656 as Term;

/**
 * The most that one message can raise a term: 2^32. A node that campaigned in vain once a second would need 136 years
 * to get so far ahead. A node approaches a term beyond that in steps, so the nodes still reach a common term.
 */
export const MAX_TERM_JUMP = 4294967296;

/** A position in the log, from 1 up; 0 is before the first entry. */
export type LogIndex = number & { readonly brand: "LogIndex" };

/** The largest index of a log, and the largest size of a snapshot in bytes: 2^48. */
export const MAX_INDEX: LogIndex = 281474976710656 as LogIndex;

/**
 * Makes a node's identity.
 *
 * @param value A whole number from 1 to 2^53 - 1.
 * @returns The same number, branded.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is out of that range.
 */
export function nodeId(value: number): NodeId {
  return wholeNumber(value, "a NodeId", 1) as NodeId;
}

/**
 * Makes a term.
 *
 * @param value A whole number from 0 to `MAX_TERM`.
 * @returns The same number, branded.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is out of that range.
 */
export function term(value: number): Term {
  return wholeNumber(value, "a Term", 0, MAX_TERM) as Term;
}

/**
 * Makes an index of the log.
 *
 * @param value A whole number from 0 to `MAX_INDEX`.
 * @returns The same number, branded.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is out of that range.
 */
export function logIndex(value: number): LogIndex {
  return wholeNumber(value, "a LogIndex", 0, MAX_INDEX) as LogIndex;
}

/** A node's role: the three states of Raft's figure 4, and the pre-candidate of the dissertation's section 9.6. */
export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/**
 * The kind of an entry: `"noop"` opens a leader's term, `"command"` is a host's command, `"configuration"` holds the
 * members. The kind is stored beside the bytes, so no client's bytes can be taken for a configuration.
 */
export type EntryKind = "noop" | "command" | "configuration";

/** An entry of the log. It is shared by reference: nobody may change it, or its `data`, after it was made. */
export interface Entry {
  /** Its position. */
  readonly index: LogIndex;
  /** The term of the leader that made it. */
  readonly term: Term;
  /** Its kind. */
  readonly kind: EntryKind;
  /** The command's bytes, or the configuration's (configuration.ts); none for a noop. */
  readonly data: Uint8Array;
}

/** The state that a node must keep over a restart, besides its log (Raft, figure 2). */
export interface HardState {
  /** The latest term that the node has seen. */
  readonly term: Term;
  /** Whom it voted for in that term. */
  readonly votedFor: NodeId | null;
}

/**
 * The members. Each list is sorted and has no duplicates.
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
   * are part of the configuration, in the log and in snapshots. Left out if no change has brought any.
   */
  readonly context?: Uint8Array;
}

/** Identifies the bytes of a snapshot. The core never sees the bytes themselves. */
export interface SnapshotContent {
  /** How many bytes there are. */
  readonly bytes: number;
  /** Their CRC-32C (`crc32c`). */
  readonly digest: number;
}

/**
 * The identity of a snapshot: a host's state as of an index, which replaces the log's entries up to there (Raft,
 * section 7). The log holds its bytes.
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

/** What a node may have acknowledged and then lost. */
export interface Doubt {
  /** No lost entry is above this index. */
  readonly lastIndex: number;
  /** No lost entry, and no lost vote, is of a later term. */
  readonly term: number;
}

/** A committed command for the host. Commands come in the order of their indexes, each once. */
export interface RaftApplyCommand {
  /** The entry's index. The indexes of noops and configurations are skipped. */
  readonly index: LogIndex;
  /** Its entry's term. */
  readonly term: Term;
  /** The bytes that were proposed. */
  readonly command: Uint8Array;
}

/** The position of a proposal in the log. It has happened once an entry of this index and term is applied. */
export interface ProposalPosition {
  /** The entry's index. */
  readonly index: LogIndex;
  /** The entry's term: another term at this index means that the proposal was lost. */
  readonly term: Term;
}
