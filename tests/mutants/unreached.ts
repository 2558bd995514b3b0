/**
 * What the sweep cannot reach in `raft/` and `server/replica/`, why, and which unit tests cover it.
 *
 *     deno run -A tests/mutants/unreached_run.ts
 *
 * takes the coverage of a hundred seeds, and names every line that no seed reached and no group here explains. A test
 * checks that the lines named here and the tests still exist.
 *
 * @module
 */

/** A group of lines that no run of the sweep reaches. */
interface Unreached {
  /** The group. */
  readonly what: string;
  /**
   * Its lines: those of each construct whose first line contains the text, in a file, or in each file of a folder if
   * the path ends with a slash. An empty text means the whole file.
   */
  readonly lines: readonly (readonly [path: string, text: string])[];
  readonly why: string;
  /** The tests that cover it, by file. */
  readonly tests: readonly (readonly [file: string, name: string])[];
}

/** Every group. */
export const UNREACHED: readonly Unreached[] = [
  {
    what: "checks of what an embedder passes: settings, arguments, changes",
    lines: [
      ["raft/arguments.ts", ""],
      ["raft/", "throw new TypeError("],
      ["raft/", "throw new RangeError("],
      ["raft/config.ts", "tracer: config.tracer ?? null"],
      ["raft/", "throw new ChangeRefusedError("],
      ["raft/", "throw new LogContradictionError("],
      ["raft/errors.ts", "class NotLeaderError"],
      ["raft/", "throw new NotLeaderError("],
      ["raft/", "checkBytes("],
      ["raft/membership.ts", "if (context.length > MAX_CONTEXT_BYTES) {"],
      ["raft/node.ts", "refuseMaxBytes("],
      ["server/replica/replica.ts", "throw new RangeError("],
      ["server/replica/replica.ts", "reply(UNKNOWN_READS)"],
      ["server/replica/replica.ts", "reply(NOT_BYTES)"],
      ["server/replica/administration.ts", "text = undefined;"],
      ["server/replica/sessions.ts", "let bytes = TEXT_MARK;"],
      ["server/replica/sessions.ts", "for (let i = 0; i < client.length; i++) {"],
      ["server/replica/sessions.ts", "return bytes;"],
      ["server/replica/sessions.ts", 'let client = "";'],
      ["server/replica/sessions.ts", "for (let i = 1; i + 1 < bytes.length; i += 2) {"],
      ["server/replica/sessions.ts", "return client;"],
      ["server/replica/sessions.ts", 'return "a session'],
      ["server/replica/member_change.ts", "change = null;"],
      ["server/replica/member_change.ts", "throw new ChangeRefusedError("],
      ["server/replica/member_change.ts", "return false;"],
      ["server/replica/administration.ts", "return respond({"],
      ["server/replica/administration.ts", "return respond(refusal(error));"],
    ],
    why: "the simulator passes only what is right",
    tests: [
      [
        "tests/raft/arguments_test.ts",
        "each setting of the wrong type is refused by its name, and none of the right type",
      ],
      ["tests/raft/node_test.ts", "a setting that is out of range is refused with its name"],
      ["tests/server/replica/replica_test.ts", "a session that makes no sense is refused"],
      [
        "tests/server/replica/sessions_test.ts",
        "different clients never share a session, whatever their names are made of",
      ],
      [
        "tests/server/replica/administration_test.ts",
        "what is no member's number is refused, and what JSON cannot express is no change",
      ],
    ],
  },
  {
    what: "bytes and messages that no correct node sends",
    lines: [
      ["raft/codec.ts", "fail("],
      ["raft/codec.ts", "fault !== null"],
      ["raft/codec.ts", "get offset(): number {"],
      ["raft/codec.ts", "export function frameLength("],
      ["raft/envelope_check.ts", ""],
      ["raft/configuration.ts", "refuse("],
      ["raft/configuration.ts", "const refuse"],
      ["raft/configuration.ts", "return `node"],
      ["raft/configuration.ts", 'return "a '],
      ["raft/", "core.reject("],
      ["raft/", "envelopeFault"],
      ["raft/routine.ts", "return false;"],
      ["raft/dispatch.ts", "return false;"],
      ["raft/routine.ts", "if (envelope.round < follower.sinceRound) return false;"],
      ["server/replica/", "throw new SyntaxError("],
      ["server/replica/", "error instanceof SyntaxError"],
      ["server/replica/", "if (!(error instanceof SyntaxError)) throw error;"],
      ["server/replica/", 'return { type: "fail", error: error.message };'],
      ["server/replica/refusals.ts", "if (!isRefusal) throw error;"],
      ["raft/codec.ts", "refuseFaulty("],
      ["raft/dispatch.ts", "becomeFollower(core, most, null);"],
      ["server/replica/packet_codec.ts", "throw error instanceof RangeError"],
      ["server/replica/sessions.ts", "export function innerCommand("],
    ],
    why: "the network loses, doubles, delays and cuts messages, but damages none: the transport checks each",
    tests: [
      ["tests/raft/codec_test.ts", "bytes that mean nothing are refused"],
      [
        "tests/raft/hostile_test.ts",
        "messages with extreme numbers from anyone throw nothing, drop and commit nothing, and the cluster serves on",
      ],
      ["tests/server/replica/packet_codec_test.ts", "no bytes do anything but decode or throw a SyntaxError"],
    ],
  },
  {
    what: "errors about something impossible, such as two leaders of a term",
    lines: [
      ["raft/", "throw new RaftInvariantError("],
      ["raft/log_check.ts", "refuse("],
      ["raft/log_check.ts", "const refuse"],
      ["raft/core.ts", "if (this.term >= MAX_TERM || this.log.lastIndex >= MAX_INDEX) return false;"],
      ["server/replica/batches.ts", "this.#options.onError(error as Error);"],
    ],
    why: "each would be a violation",
    tests: [
      ["tests/raft/log_test.ts", "a log that contradicts itself is refused with an error that says how"],
      [
        "tests/raft/replication_test.ts",
        "an append that would drop a committed entry drops nothing, and no heartbeat commits what nobody vouched for",
      ],
    ],
  },
  {
    what: "the log in memory, and the commands of kaya-raft",
    lines: [["raft/log.ts", ""], ["raft/command.ts", ""]],
    why: "replicas have a journal, and the store's commands have bytes of their own",
    tests: [
      [
        "tests/raft/log_test.ts",
        "a MemLog agrees with a plain list through random appends, truncations, compactions and restores",
      ],
      ["tests/raft/command_test.ts", "a Put and a Delete are the bytes that kaya-raft writes"],
    ],
  },
  {
    what: "copies and descriptions of a node's state",
    lines: [
      ["raft/copy.ts", ""],
      ["raft/describe.ts", ""],
      ["raft/", "copy(): "],
      ["raft/", "content(): "],
      ["raft/node.ts", "copy(log: RaftLog): RaftNode {"],
      ["raft/node.ts", "state(): string {"],
      ["raft/node.ts", "this.#core = adopted;"],
      ["raft/node.ts", "if (adopted !== null) {"],
      ["raft/configuration.ts", "export function describeConfiguration("],
    ],
    why: "only `explore` and traces use them",
    tests: [["tests/raft/copy_test.ts", "a copy goes on exactly as the original does, and neither changes the other"]],
  },
  {
    what:
      "verbs of the core that our replica does not use: `campaign`, `reportUnreachable`, a host's bytes about members",
    lines: [
      ["raft/node.ts", "campaign(): Envelope[] {"],
      ["raft/node.ts", "reportUnreachable(id: NodeId): void {"],
      ["raft/configuration.ts", "if (context !== undefined) {"],
      ["raft/configuration.ts", "if (bytes[0] === CONTEXT_VERSION) {"],
    ],
    why: "they are for other hosts",
    tests: [
      ["tests/raft/host_test.ts", "a leader that is told that a node cannot be reached stops streaming, and probes it"],
      [
        "tests/raft/host_test.ts",
        "a host's bytes travel with the configuration to every member, and into snapshots, until others take their place",
      ],
    ],
  },
  {
    what: "snapshots above the limit, and refusals of snapshots",
    lines: [
      ["raft/snapshot.ts", 'if (totalBytes > core.config.maxSnapshotBytes) return refuse(core, index, "too-large");'],
      ["raft/snapshot_transfer.ts", "transfer.refusal = refusal;"],
      ["server/replica/snapshot_writer.ts", "this.#ticksToRetry = RETRY_TICKS;"],
      ["raft/snapshot.ts", "snapshot.index < incoming.snapshot.index) return null;"],
      ["raft/snapshot.ts", "if (!core.log.receiveSnapshot(snapshot, incoming.received, chunk)) return;"],
      ["raft/snapshot.ts", "if (!core.log.restore(snapshot)) {"],
      ["raft/snapshot.ts", "function refuse("],
      ["raft/snapshot.ts", "if (core.leader === null) return;"],
      ["raft/snapshot_transfer.ts", "if (snapshot.bytes === 0) askHowFar(core, follower);"],
      ["raft/snapshot_transfer.ts", "refusal !== null"],
      ["raft/snapshot_transfer.ts", "function refused("],
      ["raft/core.ts", "if (this.incoming !== null && this.incoming.snapshot.index <= index) {"],
      ["server/replica/requests.ts", "if (this.#isTooLong(body))"],
      ["server/replica/requests.ts", "if (snapshots.isTooLarge"],
      ["server/replica/snapshot_writer.ts", "#ticksToRetry > "],
      ["server/replica/snapshot_writer.ts", "if (draft.unwritten > UNWRITTEN_MAX) return;"],
      ["server/replica/snapshot_writer.ts", "if (draft.bytes > this.#options.maxBytes) {"],
      ["server/replica/packet_codec.ts", "if (writer.length > KEPT_BYTES)"],
    ],
    why: "a cluster whose state is above the limit takes no writes, and so does not serve",
    tests: [
      [
        "tests/raft/snapshot_test.ts",
        "a snapshot beyond the bound is neither taken nor accepted, and the leader hears of it",
      ],
      [
        "tests/raft/snapshot_test.ts",
        "bytes that do not match their digest are never installed, and the leader hears of it",
      ],
      [
        "tests/server/replica/replica_test.ts",
        "a state above the snapshot limit stops no node: only commands that shrink it are taken, until it fits again",
      ],
    ],
  },
  {
    what: "snapshots of more than 256 KiB, which are loaded in pieces",
    lines: [
      ["server/replica/snapshot_load.ts", 'if (this.#at < this.snapshot.bytes) return "goes on";'],
      ["server/replica/snapshot_slices.ts", "#complete(piece: Uint8Array, at: number): number {"],
      ["server/replica/snapshot_slices.ts", "while (this.#rest.length > 0 && at < piece.length)"],
      ["server/replica/snapshot_slices.ts", "if (end > piece.length) break;"],
      ["server/replica/snapshot_slices.ts", "export function loadSlices("],
    ],
    why: "the states of short runs are smaller",
    tests: [
      [
        "tests/server/replica/replica_bounds_test.ts",
        "a state of several pieces is loaded piece by piece: until then no read of the node's own state is answered",
      ],
      [
        "tests/server/replica/snapshot_slices_test.ts",
        "slices come out of their pieces as they were, whatever the lengths of both",
      ],
    ],
  },
  {
    what: "machines without snapshots in steps",
    lines: [["server/replica/snapshot_slices.ts", "else writer.bytes(machine.snapshot());"], [
      "server/replica/snapshot_slices.ts",
      "const whole = new ByteWriter(1024);",
    ], ["server/replica/snapshot_slices.ts", "return { add: (slice) => whole.bytes(slice)"]],
    why: "our store has them; `--app` reaches these lines",
    tests: [
      [
        "tests/server/replica/snapshot_writer_test.ts",
        "machines around machines give each its own slices, and a loader that is given up changes nothing",
      ],
    ],
  },
  {
    what: "a leader that claims more than a follower holds, for two election timeouts",
    lines: [["raft/append.ts", "if (core.clock - missing.sinceTick < 2 * core.config.electionTimeoutTicks) return;"], [
      "raft/append.ts",
      "noteMissing(",
    ], ["raft/append.ts", "if (missing.index <= core.log.lastIndex) {"]],
    why: "a disk that lost entries is in doubt, or refused, when the node starts",
    tests: [
      [
        "tests/raft/durability_test.ts",
        "a log that lost what it had acknowledged stops the node, once its leader has said so for two election timeouts",
      ],
    ],
  },
  {
    what: "transfers to a node that may not lead, or to the leader itself",
    lines: [["raft/transfer.ts", "throw new TransferRefusedError("], [
      "raft/transfer.ts",
      "if (core.transferTarget === target) return;",
    ]],
    why: "the nemesis asks for voters",
    tests: [
      [
        "tests/raft/transfer_test.ts",
        "a transfer to a learner, to the unknown, to the leader itself, or asked of a follower is refused",
      ],
      ["tests/raft/transfer_test.ts", "a TimeoutNow of an earlier term, to a learner, or to a leader starts nothing"],
    ],
  },
  {
    what: "a leader whose disk hangs for ten election timeouts, or that hands over in vain",
    lines: [
      ["raft/resign.ts", "if (heir === null) {"],
      ["raft/tick.ts", "if (isResigning) return becomeFollower(core, core.term, null);"],
      ["raft/tick.ts", "if (!core.isResigning && isDiskHanging(core)) resign(core);"],
    ],
    why: "few disks hang for so long, and another fault mostly ends the leadership first",
    tests: [
      [
        "tests/raft/slow_disk_test.ts",
        "a leader whose disk hangs with little to sync hands over after ten election timeouts",
      ],
      [
        "tests/raft/slow_disk_test.ts",
        "a leader whose disk hangs leads no longer than an election timeout after it began to hand over in vain",
      ],
      [
        "tests/raft/slow_disk_test.ts",
        "a leader whose disk hangs steps down at once if it hears no follower, and leads on if it has none",
      ],
    ],
  },
  {
    what: "a replica that is stopped while it does something else",
    lines: [
      ["server/replica/", "if (this.#isStopped) return;"],
      ["server/replica/replica.ts", "get isStopped(): boolean {"],
      ["server/replica/replica.ts", "seed: options.raft?.seed ?? incarnation,"],
    ],
    why: "a simulated host stops a replica between two inputs, and passes a seed",
    tests: [[
      "tests/server/replica/replica_stop_test.ts",
      "a node that is stopped while it sends, applies, reads or answers does nothing more, and loses nothing",
    ]],
  },
  {
    what: "guards behind other guards: an earlier check has refused the same",
    lines: [
      ["raft/dispatch.ts", "return handleAppendResponse(core, follower, envelope);"],
      ["raft/dispatch.ts", "return handleHeartbeatResponse(core, follower, envelope);"],
      ["raft/removal.ts", "if (configuration.voters.length === 0 || isMember(configuration, to)) return;"],
      ["raft/replies.ts", "if (core.progress.get(follower.id) !== follower) return;"],
      ["raft/tick.ts", 'if (core.role !== "leader") return;'],
      ["raft/node.ts", "if (core.appliedIndex === commitIndex) return [];"],
      ["raft/proposal.ts", "if (why !== null) throw new ProposalRefusedError(why);"],
      ["raft/quorum.ts", "if (count === 0) return Infinity;"],
      ["raft/configuration.ts", "return false;"],
      ["server/replica/client.ts", 'if (reply.type === "info") return;'],
      ["server/replica/outbox.ts", "if (done === null) return;"],
      ["server/replica/proposals.ts", "if (at > index) continue;"],
      ["server/replica/replica.ts", "else journal.unstageSnapshot();"],
    ],
    why: "the fast path takes usual messages, and a replica asks before it proposes; other hosts may not",
    tests: [
      ["tests/raft/hostile_test.ts", "the way of routine messages and the careful way come to the same end"],
      [
        "tests/raft/quorum_test.ts",
        "counting and sorting agree with trying every threshold, over random joint configurations",
      ],
    ],
  },
];
