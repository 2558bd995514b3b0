/**
 * Messages as text, one line each, in the terms of the Raft paper: for traces.
 *
 * @module
 */
import { describeConfiguration } from "./configuration.ts";
import type { Envelope } from "./message.ts";
import type { Entry } from "./types.ts";

/**
 * Describes an envelope in one line.
 *
 * @param envelope The envelope.
 * @returns The line, without a line break.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeEnvelope, nodeId, term } from "@kayadb/raft/raft";
 *
 * const from = nodeId(1), to = nodeId(2);
 * const line = describeEnvelope({ type: "timeout-now", from, to, term: term(3), afterSync: false });
 * assert.equal(line, "1->2 term 3 TimeoutNow");
 * ```
 */
export function describeEnvelope(envelope: Envelope): string {
  return `${envelope.from}->${envelope.to} term ${envelope.term} ${describeBody(envelope)}`;
}

function describeBody(envelope: Envelope): string {
  switch (envelope.type) {
    case "append-request": {
      const { prevLogIndex, prevLogTerm, entries, commitIndex } = envelope;
      return `AppendEntries prev ${prevLogIndex}@${prevLogTerm}, ${
        describeEntries(entries)
      }, leaderCommit ${commitIndex}`;
    }
    case "append-response":
      return envelope.success
        ? `AppendEntries reply: match ${envelope.index}`
        : `AppendEntries reply: no match at ${envelope.index}, try ${envelope.hintIndex}@${envelope.hintTerm}`;
    case "commit-notice":
      return `Commit up to ${envelope.commitIndex}`;
    case "heartbeat-request":
      return `Heartbeat round ${envelope.round}, leaderCommit ${envelope.commitIndex}`;
    case "heartbeat-response":
      return `Heartbeat reply: round ${envelope.round}`;
    case "vote-request":
      return `RequestVote last ${envelope.lastLogIndex}@${envelope.lastLogTerm}${
        envelope.leadershipTransfer ? ", leadership transfer" : ""
      }`;
    case "vote-response":
      return `RequestVote reply: ${envelope.granted ? "granted" : "refused"}`;
    case "pre-vote-request":
      return `PreVote last ${envelope.lastLogIndex}@${envelope.lastLogTerm}`;
    case "pre-vote-response":
      return `PreVote reply: ${envelope.granted ? "granted" : "refused"}`;
    case "snapshot-request": {
      const { snapshotIndex, snapshotTerm, offset, chunk, totalBytes, configuration } = envelope;
      const part = `bytes ${offset} to ${offset + chunk.length} of ${totalBytes}`;
      return `InstallSnapshot ${snapshotIndex}@${snapshotTerm}, ${part}, ${describeConfiguration(configuration)}`;
    }
    case "snapshot-response": {
      const { snapshotIndex, received, written, isGap, refusal } = envelope;
      if (refusal !== null) return `InstallSnapshot reply: ${snapshotIndex}, refused: ${refusal}`;
      const gap = isGap ? ", with a gap" : "";
      return `InstallSnapshot reply: ${snapshotIndex}, received up to ${received}, written up to ${written}${gap}`;
    }
    case "timeout-now":
      return "TimeoutNow";
    case "removal-notice":
      return `Removed by the configuration at ${envelope.configurationIndex}`;
    case "read-request":
      return `ReadIndex ${envelope.context}`;
    case "read-response":
      return `ReadIndex reply: ${envelope.context} ${envelope.index === null ? "refused" : `at ${envelope.index}`}`;
  }
}

function describeEntries(entries: readonly Entry[]): string {
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return "no entries";
  const terms = first.term === last.term ? `${first.term}` : `${first.term}..${last.term}`;
  return first === last
    ? `entry ${first.index}@${terms} ${first.kind}`
    : `entries ${first.index}..${last.index}@${terms}`;
}
