/**
 * What the sweep cannot reach in `raft/` and `server/replica/`, why, and which unit tests cover it. The lines come from
 * the coverage of the first hundred seeds:
 *
 *     deno run --coverage=FOLDER -A harness/main.ts fuzz --nemesis all --workload all --seed 1 --runs 100 --jobs 1
 *     deno coverage --lcov FOLDER
 *
 * A test checks that the lines named here and the tests still exist.
 *
 * @module
 */

/** A group of lines that no run of the sweep reaches. */
interface Unreached {
  /** The group. */
  readonly what: string;
  /** Lines of it, by file: one or more that are typical. */
  readonly lines: readonly (readonly [file: string, text: string])[];
  readonly why: string;
  /** The tests that cover it, by file. */
  readonly tests: readonly (readonly [file: string, name: string])[];
}

/** Every group. */
export const UNREACHED: readonly Unreached[] = [
  {
    what: "checks of what an embedder passes: settings, arguments, changes",
    lines: [
      ["raft/arguments.ts", "export function shown(value: unknown): string {"],
      ["raft/config.ts", "throw new RangeError("],
      ["raft/membership.ts", 'checkBytes(context, "context");'],
      [
        "server/replica/sessions.ts",
        'if (typeof session !== "object" || session === null) return "a session is an object";',
      ],
      ["server/replica/member_change.ts", "change = null;"],
    ],
    why: "the simulator passes only what is right",
    tests: [
      [
        "tests/raft/arguments_test.ts",
        "each setting of the wrong type is refused by its name, and none of the right type",
      ],
      ["tests/raft/node_test.ts", "a setting that is out of range is refused with its name"],
      ["tests/server/replica/replica_test.ts", "a session that makes no sense is refused"],
    ],
  },
  {
    what: "bytes and messages that no correct node sends",
    lines: [
      ["raft/codec.ts", "function fail(what: string): never {"],
      ["raft/envelope_check.ts", "function"],
      ["raft/configuration.ts", "throw new SyntaxError(`Cannot decode a Configuration: ${what}`);"],
      ["raft/replies.ts", 'return core.reject(response, "entries were acknowledged that were never sent");'],
      [
        "server/replica/packet_codec.ts",
        "throw new SyntaxError(`Cannot read a packet: its kind is ${kind}, but 1, 2 or 3 were expected`);",
      ],
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
      ["raft/core.ts", "throw new RaftInvariantError("],
      ["raft/roles.ts", "throw new RaftInvariantError("],
      ["raft/log_check.ts", "const refuse = (what: string): never => {"],
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
    lines: [["raft/log.ts", "#entries: (Entry | undefined)[] = [];"], [
      "raft/command.ts",
      "export function encodeCommand",
    ]],
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
    lines: [["raft/copy.ts", "export function copyCore"], ["raft/describe.ts", "export function describeEnvelope"]],
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
      ["server/replica/snapshot_slices.ts", "function joined(a: Uint8Array, b: Uint8Array): Uint8Array {"],
    ],
    why: "the states of short runs are smaller",
    tests: [
      [
        "tests/server/replica/replica_test.ts",
        "a snapshot that is asked for grows with the inputs, and requests are answered in between",
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
