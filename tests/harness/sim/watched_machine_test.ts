import assert from "node:assert/strict";
import { test } from "node:test";
import { Coverage } from "../../../harness/sim/coverage.ts";
import { Invariants } from "../../../harness/sim/invariants/invariants.ts";
import { WatchedMachine } from "../../../harness/sim/watched_machine.ts";
import { type Entry, type LogIndex, MemLog, type Term } from "../../../raft/mod.ts";
import { ByteWriter, createKvStore, encodeOperation, type Journal, type StateMachine } from "../../../server/mod.ts";
import { withDirectory } from "../../../server/replica/directory.ts";

const SETTINGS = {
  ...{ electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50, maxSessions: 9 },
};

function put(key: string, value: string): Uint8Array {
  return encodeOperation({ f: "put", key, value });
}

/** A watched store of node 1 whose log holds these commands; `changed` makes the store wrong in some way. */
function watched(commands: readonly Uint8Array[], changed: (store: StateMachine) => StateMachine = (store) => store): {
  machine: WatchedMachine["machine"];
  reason: () => string | undefined;
} {
  const invariants = new Invariants(() => 0, new Coverage(), SETTINGS);
  const log = new MemLog();
  for (const [i, data] of commands.entries()) {
    log.appendOne({ index: i + 1 as LogIndex, term: 1 as Term, kind: "command", data } satisfies Entry);
  }
  const journal = log as unknown as Journal;
  const inner = withDirectory(changed(createKvStore(1)));
  const { machine } = new WatchedMachine({ id: 1, journal, maxSessions: 9, dueBytes: 0, invariants }, inner);
  return { machine, reason: () => invariants.verdict().reason };
}

/** Writes a snapshot in steps, and applies a command between them. */
function snapshot(machine: StateMachine, between: Uint8Array, index: number): void {
  const writer = new ByteWriter(64);
  const steps = machine.snapshotInSteps!(writer);
  for (let slice = 0, isDone = false; !isDone; slice++) {
    isDone = steps.next().done === true;
    writer.clear();
    if (slice === 0) machine.apply(between, index);
  }
}

const COMMANDS = [put("a", "1"), put("b", "2"), put("b", "3")];

test("commands that are applied in the order of the log break nothing, and a snapshot beside them is the state before", () => {
  const { machine, reason } = watched(COMMANDS);
  machine.apply(COMMANDS[0]!, 1);
  machine.apply(COMMANDS[1]!, 2);
  snapshot(machine, COMMANDS[2]!, 3);

  assert.equal(reason(), undefined);
});

test("a snapshot that shows what was applied while it was written is noticed", () => {
  // A store whose generator looks at the state when it writes, and not when it began.
  const { machine, reason } = watched(COMMANDS, (store) => ({
    ...store,
    *snapshotInSteps(writer: ByteWriter) {
      yield;
      writer.bytes(store.snapshot());
    },
  }));
  machine.apply(COMMANDS[0]!, 1);
  machine.apply(COMMANDS[1]!, 2);
  snapshot(machine, COMMANDS[2]!, 3);

  assert.match(reason()!, /^state machine safety: the snapshot of node 1 at entry 2 is not its state then/);
});

test("a command that is applied again, and one that the log has not at its index, are noticed", () => {
  const again = watched(COMMANDS);
  again.machine.apply(COMMANDS[0]!, 1);
  again.machine.apply(COMMANDS[0]!, 1);
  assert.match(again.reason()!, /^state machine safety: node 1 applies entry 1 after entry 1/);

  const other = watched(COMMANDS);
  other.machine.apply(COMMANDS[1]!, 1);
  assert.match(other.reason()!, /^state machine safety: node 1 applies another command than entry 1 has/);
});

test("a snapshot takes the machine to its index, and only when it is loaded", () => {
  const { machine, reason } = watched(COMMANDS);
  machine.apply(COMMANDS[0]!, 1);
  const loader = machine.restoreInSteps!();
  loader.finish();
  machine.apply(COMMANDS[0]!, 1);

  assert.equal(reason(), undefined, "the log has no snapshot, so the machine is before its first entry again");
});
