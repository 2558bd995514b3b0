// The journal and the store conform; planted faults in them do not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConformanceCase, ConformanceError } from "../../../../harness/sim/conformance/case.ts";
import { type OpenLog, type TestedLog, testLog } from "../../../../harness/sim/conformance/log.ts";
import { testStateMachine } from "../../../../harness/sim/conformance/state_machine.ts";
import type { HardState, RaftLog, Random, Snapshot } from "../../../../raft/mod.ts";
import { nodeId } from "../../../../raft/mod.ts";
import type { ByteWriter } from "../../../../server/bytes/byte_writer.ts";
import type { Journal } from "../../../../server/journal/journal.ts";
import { openJournal } from "../../../../server/journal/journal_open.ts";
import { withDirectory } from "../../../../server/replica/directory.ts";
import { underSession, withSessions } from "../../../../server/replica/sessions.ts";
import type { StateMachine } from "../../../../server/replica/state_machine.ts";
import { createKvStore } from "../../../../server/store/kv_store.ts";
import { encodeOperation } from "../../../../server/store/store_command.ts";

/** The journal as a log under test, or what a fault makes of it. */
function journal(plant: (tested: TestedLog, journal: Journal) => TestedLog = (tested) => tested): OpenLog {
  return (disk, done) =>
    openJournal(disk, { clusterId: "c", nodeId: 1, segmentBytes: 500 }, (error, opened) => {
      if (opened === null) return done(error, null);
      const stage = (data: Uint8Array): { bytes: number; digest: number } => {
        const draft = opened.stageSnapshot();
        draft.add(data.slice());
        return { bytes: draft.bytes, digest: draft.digest };
      };
      done(null, plant({ log: opened, sync: (synced) => opened.flush(synced), stage }, opened));
    });
}

/** A log of which some members are others. */
function altered(log: RaftLog, members: Partial<RaftLog>): RaftLog {
  return new Proxy(log, {
    get(target, name) {
      if (name in members) return members[name as keyof RaftLog];
      const value = target[name as keyof RaftLog] as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const LOG_FAULTS: readonly [string, (tested: TestedLog, journal: Journal) => TestedLog][] = [
  ["everything counts as durable at once", (tested, log) => ({
    ...tested,
    log: new Proxy(log, {
      get: (target, name) => {
        const value = Reflect.get(target, name === "durableIndex" ? "lastIndex" : name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  })],
  [
    "a sync ends without having been one",
    (tested) => ({ ...tested, sync: (done) => queueMicrotask(() => done(null)) }),
  ],
  ["a vote is not written", (tested, log) => ({
    ...tested,
    log: altered(log, { setState: ({ term }: HardState) => log.setState({ term, votedFor: null }) }),
  })],
  ["a leader's snapshot is installed without a look at its digest", (tested, log) => ({
    ...tested,
    log: altered(log, { restore: (snapshot: Snapshot) => log.restore(snapshot) || true }),
  })],
  ["snapshots that are being sent are not held", (tested, log) => ({
    ...tested,
    log: altered(log, { holdSnapshots: () => {} }),
  })],
  ["a truncation leaves the last entry that it should drop", (tested, log) => ({
    ...tested,
    log: altered(log, { truncate: (from) => log.truncate((from + 1) as typeof from) }),
  })],
  ["a snapshot is read one byte off", (tested, log) => ({
    ...tested,
    log: altered(log, {
      readSnapshot: (snapshot, offset, most) => log.readSnapshot(snapshot, Math.max(0, offset - 1), most),
    }),
  })],
];

function command(random: Random): Uint8Array {
  const key = `k${random.below(6)}`;
  const value = String(random.below(5));
  const operations = [
    { f: "put", key, value },
    { f: "delete", key },
    { f: "get", key },
    { f: "cas", key, value: [value, value] },
    { f: "txn", value: [["append", `l${random.below(2)}`, value], ["r", key, null]] },
    { f: "set-add", key: `s${random.below(2)}`, value },
    { f: "get", key: `l${random.below(2)}` },
  ];
  return encodeOperation(operations[random.below(operations.length)]!);
}

const store = (): StateMachine => createKvStore(20);
let calls = 0;

const MACHINE_FAULTS: readonly [string, () => StateMachine][] = [
  ["a reply depends on something outside", () => {
    const machine = store();
    return { ...machine, apply: (bytes, index) => ({ ...machine.apply(bytes, index), at: calls++ }) as never };
  }],
  ["a restored machine lacks what it had", () => {
    const machine = store();
    return { ...machine, restore: (data) => machine.restore(data.subarray(0, 0)) };
  }],
  ["a snapshot in slices shows later states", () => {
    const machine = store();
    const { snapshotInSteps: _none, ...rest } = machine;
    return {
      ...rest,
      *snapshotInSteps(writer: ByteWriter) {
        yield;
        writer.bytes(machine.snapshot());
      },
    };
  }],
  ["a read changes the state", () => {
    const machine = store();
    const read = (bytes: Uint8Array): ReturnType<StateMachine["read"]> => {
      machine.apply(encodeOperation({ f: "put", key: "reads", value: String(calls++) }), 1);
      return machine.read(bytes);
    };
    return { ...machine, read };
  }],
  ["a command that makes no sense makes it throw", () => {
    const machine = store();
    return {
      ...machine,
      apply(bytes, index) {
        const reply = machine.apply(bytes, index);
        if (reply.type === "fail" && reply.error.startsWith("Cannot")) throw new SyntaxError(reply.error);
        return reply;
      },
    };
  }],
  ["a reply is changed after it was given", () => {
    const machine = store();
    const given: { type: string; value: unknown }[] = [];
    return {
      ...machine,
      apply(bytes, index) {
        for (const reply of given) reply.value = index;
        const reply = { ...machine.apply(bytes, index) } as { type: string; value: unknown };
        if (reply.type === "ok") given.push(reply);
        return reply as never;
      },
    };
  }],
];

/** The names of the cases that fail. */
function failing(cases: readonly ConformanceCase[]): string[] {
  return cases.flatMap(({ name, run }) => {
    try {
      run();
      return [];
    } catch {
      return [name];
    }
  });
}

for (const { name, run } of testLog(journal())) test(`the journal: ${name}`, run);

for (const { name, run } of testStateMachine({ create: store, command })) test(`the store: ${name}`, run);

const wrapped = (): StateMachine => withSessions(withDirectory(store()));
const inSession = (random: Random): Uint8Array => {
  const bytes = command(random);
  const session = { client: `c${random.below(3)}`, sequence: 1 + random.below(20) };
  return createKvStore().isRead(bytes) ? bytes : underSession(bytes, session);
};
for (const { name, run } of testStateMachine({ create: wrapped, command: inSession })) {
  test(`the store with sessions and a directory: ${name}`, run);
}

test("faults that are planted in a log fail a case each", () => {
  for (const [fault, plant] of LOG_FAULTS) {
    assert.notDeepEqual(failing(testLog(journal(plant))), [], fault);
  }
});

test("faults that are planted in a state machine fail a case each", () => {
  for (const [fault, create] of MACHINE_FAULTS) {
    assert.notDeepEqual(failing(testStateMachine({ create, command, rounds: 5 })), [], fault);
  }
});

test("a log or state machine that does not conform gets an error with what was found and expected", () => {
  const [first] = testLog(
    journal((tested, log) => ({ ...tested, log: altered(log, { termAt: () => nodeId(9) as never }) })),
  );
  assert.throws(first!.run, (error) => error instanceof ConformanceError && /the term/.test(error.message));
});
