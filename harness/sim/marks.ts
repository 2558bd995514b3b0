/**
 * Coverage marks: named situations that a sweep should reach. A mark that no run has hit shows what the sweep does not
 * try.
 *
 * @module
 */
import type { Envelope, RaftStatus } from "../../raft/mod.ts";
import type { ClientReply, Packet } from "../../server/mod.ts";

/** All marks, in the order of reports. */
export const MARKS = [
  // Messages.
  "append-request sent",
  "append-response sent",
  "commit-notice sent",
  "heartbeat-request sent",
  "heartbeat-response sent",
  "vote-request sent",
  "vote-response sent",
  "pre-vote-request sent",
  "pre-vote-response sent",
  "snapshot-request sent",
  "snapshot-response sent",
  "timeout-now sent",
  "read-request sent",
  "read-response sent",
  "request forwarded",
  "forwarded request answered",
  "forwarded request refused",
  "append without entries",
  "append of several entries",
  "append refused",
  "vote granted",
  "pre-vote granted",
  "vote asked for by transfer",
  "snapshot in several chunks",
  "snapshot given up half-way for another",
  // Nodes, observed now and then.
  "follower probed",
  "follower streamed to",
  "follower sent a snapshot",
  "appends sent ahead",
  "follower silent",
  "leader hands over",
  "lease held",
  "node without a leader",
  "joint configuration in force",
  "learner in force",
  "one voter in force",
  "two voters in force",
  "seven voters or more in force",
  "configuration not committed",
  "log not durable",
  "entries not applied",
  "disk stalled",
  "removed node knows it",
  "reads under way",
  "log empty behind a snapshot",
  "entries kept behind a snapshot",
  // Clients.
  "write answered ok",
  "write answered fail",
  "write of unknown outcome",
  "request refused as retryable",
  // Lives.
  "started from a snapshot",
  "started from an empty journal",
  "refused for a lost journal",
] as const;

/** The name of a mark. */
type Mark = (typeof MARKS)[number];

/** The mark of each type of message that has one. */
const SENT: Partial<Record<Envelope["type"], Mark>> = Object.fromEntries(
  MARKS.filter((mark) => mark.endsWith(" sent")).map((mark) => [mark.slice(0, -" sent".length), mark]),
);

/** The marks of one run. */
export class Marks {
  readonly #hits: ReadonlyMap<Mark, { times: number }> = new Map(MARKS.map((mark) => [mark, { times: 0 }]));

  /** A situation was reached. */
  hit(mark: Mark): void {
    this.#hits.get(mark)!.times++;
  }

  /** How often each mark was hit. */
  counts(): Record<Mark, number> {
    return Object.fromEntries([...this.#hits].map(([mark, { times }]) => [mark, times])) as Record<Mark, number>;
  }

  /** A packet leaves a node. */
  packet(packet: Packet): void {
    switch (packet.kind) {
      case "forward":
        return this.hit("request forwarded");
      case "answer":
        return this.hit(packet.reply.type === "fail" ? "forwarded request refused" : "forwarded request answered");
      case "raft":
        return this.#message(packet);
    }
  }

  #message({ envelope }: Packet & { readonly kind: "raft" }): void {
    const sent = SENT[envelope.type];
    if (sent !== undefined) this.hit(sent);
    switch (envelope.type) {
      case "append-request":
        if (envelope.entries.length === 0) this.hit("append without entries");
        else if (envelope.entries.length > 1) this.hit("append of several entries");
        return;
      case "append-response":
        return envelope.success ? undefined : this.hit("append refused");
      case "vote-request":
        return envelope.leadershipTransfer ? this.hit("vote asked for by transfer") : undefined;
      case "vote-response":
        return envelope.granted ? this.hit("vote granted") : undefined;
      case "pre-vote-response":
        return envelope.granted ? this.hit("pre-vote granted") : undefined;
      case "snapshot-request":
        return envelope.offset > 0 ? this.hit("snapshot in several chunks") : undefined;
    }
  }

  /** A client's write has ended. */
  reply(reply: ClientReply): void {
    if (reply.type === "ok") this.hit("write answered ok");
    else if (reply.type === "info") this.hit("write of unknown outcome");
    else this.hit(reply.isRetryable === true ? "request refused as retryable" : "write answered fail");
  }

  /** Marks the situations that a node's status shows. */
  status(status: RaftStatus): void {
    const { configuration, commitIndex, lastIndex, snapshotIndex } = status;
    if (status.leader === null) this.hit("node without a leader");
    if (status.hasLease) this.hit("lease held");
    if (status.transferTarget !== null) this.hit("leader hands over");
    if (status.pendingReads > 0) this.hit("reads under way");
    if (status.unsyncedBytes > 0) this.hit("log not durable");
    if (status.syncStallTicks > 1) this.hit("disk stalled");
    if (status.appliedIndex < commitIndex) this.hit("entries not applied");
    if (status.removedAt > 0) this.hit("removed node knows it");
    if (status.configurationIndex > commitIndex) this.hit("configuration not committed");
    if (snapshotIndex > 0 && lastIndex === snapshotIndex) this.hit("log empty behind a snapshot");
    if (snapshotIndex > 0 && status.firstIndex <= snapshotIndex) this.hit("entries kept behind a snapshot");
    if (configuration.votersOutgoing.length > 0) this.hit("joint configuration in force");
    if (configuration.learners.length > 0) this.hit("learner in force");
    const voters = configuration.voters.length;
    if (voters === 1) this.hit("one voter in force");
    else if (voters === 2) this.hit("two voters in force");
    else if (voters >= 7) this.hit("seven voters or more in force");
    for (const follower of status.followers) this.#follower(follower);
  }

  #follower({ state, isActive, inflightAppends, nextIndex, matchIndex }: RaftStatus["followers"][number]): void {
    if (!isActive) this.hit("follower silent");
    if (inflightAppends > 0 && nextIndex > matchIndex + 1) this.hit("appends sent ahead");
    switch (state) {
      case "probe":
        return this.hit("follower probed");
      case "replicate":
        return this.hit("follower streamed to");
      case "snapshot":
        return this.hit("follower sent a snapshot");
    }
  }
}
