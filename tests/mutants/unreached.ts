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
    lines: [["server/replica/snapshot_slices.ts", "else writer.bytes(machine.snapshot());"]],
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
    lines: [["raft/append.ts", "if (core.clock - missing.sinceTick < 2 * core.config.electionTimeoutTicks) return;"]],
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
    lines: [["raft/transfer.ts", "throw new TransferRefusedError("]],
    why: "the nemesis asks for voters",
    tests: [
      [
        "tests/raft/transfer_test.ts",
        "a transfer to a learner, to the unknown, to the leader itself, or asked of a follower is refused",
      ],
      ["tests/raft/transfer_test.ts", "a TimeoutNow of an earlier term, to a learner, or to a leader starts nothing"],
    ],
  },
];
