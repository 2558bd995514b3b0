/**
 * The checks of `handle` before a message reaches a rule: its shape, and the limits of its numbers.
 *
 * A wrong type is the host's mistake, so it throws. A number that no correct node sends only rejects the message: it
 * may come from the wire, and must not stop the node.
 *
 * @module
 */
import { boolean, checkArray, checkBytes, checkObject, shown, wholeNumber } from "./arguments.ts";
import { configurationFault, decodeConfiguration } from "./configuration.ts";
import type { AppendRequest, AppendResponse, Envelope, HeartbeatRequest, HeartbeatResponse } from "./message.ts";
import { type Entry, MAX_INDEX } from "./types.ts";

/** Whether a value is a whole number from 0 to 2^48. Nearly all are below 2^32, which one operation decides. */
export function isLimited(value: number): boolean {
  return (value >>> 0) === value || (value > 0 && value <= MAX_INDEX && Math.floor(value) === value);
}

/**
 * Whether nothing is wrong with an append's own fields, and its entries are no configurations: quicker than
 * `envelopeFault`, which decides about all others.
 */
export function isPlainAppend(
  { term, prevLogIndex, prevLogTerm, commitIndex, round, entries }: AppendRequest,
): boolean {
  if (!isLimited(prevLogIndex) || !isLimited(prevLogTerm) || !isLimited(commitIndex) || !isLimited(round)) return false;
  if (!Array.isArray(entries)) return false;
  let index: number = prevLogIndex;
  let before: number = prevLogTerm;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry | null | undefined;
    if (entry === null || entry === undefined || entry.index !== ++index) return false;
    if (entry.term !== before) {
      if (!(entry.term > before) || !isLimited(entry.term)) return false;
      before = entry.term;
    }
    if (entry.kind !== "command" && entry.kind !== "noop") return false;
    if (!(entry.data instanceof Uint8Array)) return false;
  }
  return before <= term && index <= MAX_INDEX;
}

/** As `isPlainAppend`, of an append's answer. */
export function isPlainAppendResponse(
  { index, hintIndex, hintTerm, round, success }: AppendResponse,
): boolean {
  return isLimited(index) && isLimited(hintIndex) && isLimited(hintTerm) && isLimited(round) &&
    typeof success === "boolean";
}

/** As `isPlainAppend`, of a heartbeat. */
export function isPlainHeartbeat({ round, sentAtTick, commitIndex }: HeartbeatRequest): boolean {
  return isLimited(round) && isLimited(sentAtTick) && isLimited(commitIndex);
}

/** As `isPlainAppend`, of a heartbeat's answer. */
export function isPlainEcho({ round, sentAtTick, vouchedIndex }: HeartbeatResponse): boolean {
  return isLimited(round) && isLimited(sentAtTick) && (vouchedIndex === null || isLimited(vouchedIndex));
}

const BEYOND = "a number in it is beyond 2^48";

/**
 * Says what is wrong with a message.
 *
 * @param envelope What the host passed.
 * @returns Why the message is rejected; `null` if nothing is wrong.
 * @throws {TypeError} If it is not an envelope, or a part of it has the wrong type.
 * @throws {RangeError} If a number in it is negative, or not whole.
 */
export function envelopeFault(envelope: Envelope): string | null {
  checkObject(envelope, "an Envelope");
  wholeNumber(envelope.from, "from", 1);
  wholeNumber(envelope.to, "to", 1);
  const most = Math.max(wholeNumber(envelope.term, "term", 0), largestNumber(envelope));
  checkCounters(envelope);
  if (most > MAX_INDEX) return BEYOND;
  switch (envelope.type) {
    case "append-request":
      return entriesFault(envelope);
    case "snapshot-request":
      checkBytes(envelope.chunk, "chunk");
      wholeNumber(envelope.digest, "digest", 0, 4294967295);
      checkObject(envelope.configuration, "configuration");
      if (envelope.snapshotTerm > envelope.term) return "its snapshot's term is above its own";
      return configurationFault(envelope.configuration);
    case "snapshot-response":
      boolean(envelope.isGap, "isGap");
      if (envelope.refusal !== null && envelope.refusal !== "too-large" && envelope.refusal !== "damaged") {
        throw new TypeError(`Cannot take ${shown(envelope.refusal)} as refusal: it is too-large, damaged or null`);
      }
      return null;
    case "append-response":
      boolean(envelope.success, "success");
      return null;
    case "vote-request":
      boolean(envelope.leadershipTransfer, "leadershipTransfer");
      return null;
    case "read-request":
      if (envelope.confirmation !== "lease" && envelope.confirmation !== "quorum") {
        throw new TypeError(`Cannot take ${shown(envelope.confirmation)} as confirmation: it is quorum or lease`);
      }
      return null;
    case "vote-response":
    case "pre-vote-response":
      boolean(envelope.granted, "granted");
      return null;
    default:
      return null;
  }
}

/** Checks the counters of a message: whole numbers without a limit of their own. */
function checkCounters(envelope: Envelope): void {
  switch (envelope.type) {
    case "heartbeat-request":
    case "heartbeat-response":
      wholeNumber(envelope.round, "round", 0);
      wholeNumber(envelope.sentAtTick, "sentAtTick", 0);
      return;
    case "append-request":
    case "append-response":
    case "snapshot-request":
      wholeNumber(envelope.round, "round", 0);
      return;
    case "read-request":
    case "read-response":
      wholeNumber(envelope.readId, "readId", 0);
      wholeNumber(envelope.context, "context", 0);
      return;
  }
}

/** The largest of a message's terms, indexes and sizes. */
function largestNumber(envelope: Envelope): number {
  switch (envelope.type) {
    case "append-request":
      return Math.max(
        wholeNumber(envelope.prevLogIndex, "prevLogIndex", 0),
        wholeNumber(envelope.prevLogTerm, "prevLogTerm", 0),
        wholeNumber(envelope.commitIndex, "commitIndex", 0),
      );
    case "append-response":
      return Math.max(
        wholeNumber(envelope.hintIndex, "hintIndex", 0),
        wholeNumber(envelope.hintTerm, "hintTerm", 0),
        wholeNumber(envelope.index, "index", 0),
      );
    case "commit-notice":
    case "heartbeat-request":
      return wholeNumber(envelope.commitIndex, "commitIndex", 0);
    case "removal-notice":
      return wholeNumber(envelope.configurationIndex, "configurationIndex", 0);
    case "heartbeat-response":
      return envelope.vouchedIndex === null ? 0 : wholeNumber(envelope.vouchedIndex, "vouchedIndex", 0);
    case "vote-request":
    case "pre-vote-request":
      return Math.max(
        wholeNumber(envelope.lastLogIndex, "lastLogIndex", 0),
        wholeNumber(envelope.lastLogTerm, "lastLogTerm", 0),
      );
    case "snapshot-request":
      return Math.max(
        wholeNumber(envelope.snapshotIndex, "snapshotIndex", 0),
        wholeNumber(envelope.snapshotTerm, "snapshotTerm", 0),
        wholeNumber(envelope.offset, "offset", 0),
        wholeNumber(envelope.totalBytes, "totalBytes", 0),
      );
    case "snapshot-response":
      return Math.max(
        wholeNumber(envelope.snapshotIndex, "snapshotIndex", 0),
        wholeNumber(envelope.received, "received", 0),
        wholeNumber(envelope.written, "written", 0),
      );
    case "read-response":
      return envelope.index === null ? 0 : wholeNumber(envelope.index, "index", 0);
    case "read-request":
    case "vote-response":
    case "pre-vote-response":
    case "timeout-now":
      return 0;
    default: {
      const { type } = envelope as { type: unknown };
      throw new TypeError(`Cannot take ${shown(type)} as the type of an Envelope: there is none of that name`);
    }
  }
}

function entriesFault({ entries, prevLogIndex, prevLogTerm, term }: AppendRequest): string | null {
  checkArray(entries, "entries");
  if (prevLogIndex + entries.length > MAX_INDEX) return BEYOND;
  let before: number = prevLogTerm;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    checkEntry(entry, i);
    if (entry.index !== prevLogIndex + 1 + i) return "its entries do not follow each other";
    if (entry.term < before || entry.term > term) return "the terms of its entries fall, or are above its own";
    if (entry.kind === "configuration" && !isConfiguration(entry.data)) return "an entry holds no configuration";
    before = entry.term;
  }
  return null;
}

function isConfiguration(data: Uint8Array): boolean {
  try {
    decodeConfiguration(data);
    return true;
  } catch {
    return false;
  }
}

function isKind(kind: unknown): boolean {
  return kind === "command" || kind === "noop" || kind === "configuration";
}

function checkEntry(entry: unknown, place: number): void {
  const isPlain = typeof entry === "object" && entry !== null && !Array.isArray(entry);
  if (!isPlain) checkObject(entry, `entries[${place}]`);
  const { index, term, data, kind } = entry as Partial<Entry>;
  // The names are put together only where something is wrong.
  if (!isWhole(index)) wholeNumber(index, `entries[${place}].index`, 0);
  if (!isWhole(term)) wholeNumber(term, `entries[${place}].term`, 0);
  if (!(data instanceof Uint8Array)) checkBytes(data, `entries[${place}].data`);
  if (!isKind(kind)) {
    throw new TypeError(`Cannot take ${shown(kind)} as entries[${place}].kind: it is noop, command or configuration`);
  }
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
