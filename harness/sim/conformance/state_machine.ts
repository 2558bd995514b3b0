/**
 * The guarantees of a state machine, so that all nodes of a cluster reach the same state and give the same replies.
 *
 * @module
 */
import { createRandom, type Random } from "../../../raft/mod.ts";
import { ByteWriter, type StateMachine } from "../../../server/mod.ts";
import { joinSlices, loadSlices, slicesOf } from "../../../server/replica/snapshot_slices.ts";
import { type ConformanceCase, must, mustBe } from "./case.ts";

/** The inputs of a state machine's cases. */
export interface StateMachineTest {
  /** A new machine in its initial state. */
  readonly create: () => StateMachine;
  /** Draws a command of the machine, a write or a read. Use few keys, so that commands meet on them. */
  readonly command: (random: Random) => Uint8Array;
  /** How many rounds each case has, 20 by default. */
  readonly rounds?: number;
}

const COMMANDS = 60;

/**
 * The conformance cases of a state machine.
 *
 * @example The store is one
 * ```ts
 * import { createKvStore, encodeOperation } from "@kayadb/raft/server";
 * import { testStateMachine } from "@kayadb/raft/sim";
 *
 * const cases = testStateMachine({
 *   create: createKvStore,
 *   command: (random) => encodeOperation({ f: "put", key: `k${random.below(5)}`, value: String(random.below(9)) }),
 * });
 * for (const { run } of cases) run(); // or: test(name, run)
 * ```
 */
export function testStateMachine(test: StateMachineTest): ConformanceCase[] {
  const { rounds = 20 } = test;
  const cases: readonly [string, (test: StateMachineTest, random: Random) => void][] = [
    ["the same commands give the same replies and the same snapshot on every node", isDeterministic],
    ["a machine that was restored from a snapshot goes on as the one that gave it", goesOnFromSnapshot],
    ["a snapshot shows nothing of what is applied after it was begun", isFixedAtItsBegin],
    ["a read changes nothing, and answers as the same command in the log would", readsChangeNothing],
    ["a reply stays as it was given", repliesStay],
    ["no command makes it throw, whatever its bytes are", throwsNothing],
  ];
  return cases.map(([name, check]) => ({
    name,
    run() {
      for (let seed = 1; seed <= rounds; seed++) check(test, createRandom(seed));
    },
  }));
}

function drawn({ command }: StateMachineTest, random: Random): Uint8Array[] {
  return Array.from({ length: COMMANDS }, () => command(random));
}

/** Applies commands as a log would, and reads with the read commands. Returns the replies. */
function applyAll(machine: StateMachine, commands: readonly Uint8Array[], from: number = 1): unknown[] {
  return commands.map((command, i) => machine.apply(command.slice(), from + i));
}

/** The state in slices, or as a whole. */
function stateOf(machine: StateMachine): Uint8Array {
  return joinSlices((writer) => slicesOf(machine, writer));
}

function isDeterministic(test: StateMachineTest, random: Random): void {
  const commands = drawn(test, random);
  const [a, b] = [test.create(), test.create()];
  const replies = applyAll(a, commands);
  // The other node takes a snapshot in between, and reads: neither may have an effect.
  const others = applyAll(b, commands.slice(0, 20));
  stateOf(b);
  for (const command of commands) if (b.isRead(command)) b.read(command);
  others.push(...applyAll(b, commands.slice(20), 21));
  mustBe(others, replies, "the replies of two nodes");
  mustBe([...b.snapshot()], [...a.snapshot()], "the snapshots of two nodes");
  mustBe([...stateOf(b)], [...stateOf(a)], "the slices of two nodes");
}

function goesOnFromSnapshot(test: StateMachineTest, random: Random): void {
  const [before, after] = [drawn(test, random), drawn(test, random)];
  const machine = test.create();
  applyAll(machine, before);
  const [whole, inSlices] = [test.create(), test.create()];
  applyAll(whole, drawn(test, random));
  applyAll(inSlices, drawn(test, random));
  whole.restore(machine.snapshot());
  if (inSlices.restoreInSteps !== undefined) loadSlices(stateOf(machine), inSlices.restoreInSteps());
  else inSlices.restore(machine.snapshot());
  const expected = applyAll(machine, after, 101);
  mustBe(applyAll(whole, after, 101), expected, "the replies after a snapshot was restored");
  mustBe(applyAll(inSlices, after, 101), expected, "the replies after a snapshot was loaded in slices");
  mustBe([...whole.snapshot()], [...machine.snapshot()], "the snapshot of the restored machine");
  mustBe([...inSlices.snapshot()], [...machine.snapshot()], "the snapshot of the machine that was loaded in slices");
}

function isFixedAtItsBegin(test: StateMachineTest, random: Random): void {
  const machine = test.create();
  applyAll(machine, drawn(test, random));
  const expected = stateOf(machine);
  const more = drawn(test, random);
  const writer = new ByteWriter(1024);
  const slices = slicesOf(machine, writer);
  const joined = new ByteWriter(1024);
  for (let isDone = false, at = 0; !isDone; at++) {
    isDone = slices.next().done === true;
    if (writer.length > 0) joined.bytesWithLength(writer.view());
    writer.clear();
    for (const command of more.splice(0, 3)) machine.apply(command, 1000 + at);
  }
  mustBe([...joined.view()], [...expected], "the state that a snapshot shows");
  const whole = machine.snapshot();
  const copy = whole.slice();
  applyAll(machine, drawn(test, random), 2000);
  mustBe([...whole], [...copy], "the bytes of a snapshot that was given");
}

function readsChangeNothing(test: StateMachineTest, random: Random): void {
  const machine = test.create();
  for (const command of drawn(test, random)) {
    if (!machine.isRead(command)) {
      machine.apply(command, 1);
      continue;
    }
    const before = stateOf(machine);
    const answer = machine.read(command);
    mustBe([...stateOf(machine)], [...before], "the state after a read");
    mustBe(machine.apply(command, 1), answer, "the reply of a read in the log");
  }
}

function repliesStay(test: StateMachineTest, random: Random): void {
  const machine = test.create();
  const replies = applyAll(machine, drawn(test, random));
  const before = JSON.stringify(replies);
  applyAll(machine, drawn(test, random), 101);
  must(JSON.stringify(replies) === before, "a reply has changed after it was given");
}

function throwsNothing(test: StateMachineTest, random: Random): void {
  const machine = test.create();
  for (const command of drawn(test, random)) {
    const bytes = command.slice(0, random.below(command.length + 1));
    if (bytes.length > 0 && random.chance(1, 2)) bytes[random.below(bytes.length)] = random.below(256);
    const noise = Uint8Array.from({ length: random.below(20) }, () => random.below(256));
    for (const one of [bytes, noise, new Uint8Array(0)]) {
      const isRead = machine.isRead(one);
      const reply = isRead ? machine.read(one) : machine.apply(one, 1);
      must(["ok", "fail", "info"].includes(reply?.type), "a command that makes no sense was not answered");
    }
  }
}
