// Snapshots as slices: read from pieces of any length, by machines with steps and without, around each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationOf,
  crc32c,
  createRandom,
  logIndex,
  nodeId,
  type Random,
  type Snapshot,
  term,
} from "../../../raft/mod.ts";
import { ByteWriter } from "../../../server/bytes/byte_writer.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { type ClientReply, OK } from "../../../server/replica/client.ts";
import { encodeEntry, withDirectory } from "../../../server/replica/directory.ts";
import { underSession, withSessions } from "../../../server/replica/sessions.ts";
import { SnapshotLoad } from "../../../server/replica/snapshot_load.ts";
import { joinSlices, loadSlices, SliceReader, slicesOf } from "../../../server/replica/snapshot_slices.ts";
import type { StateMachine } from "../../../server/replica/state_machine.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { tries } from "../../corpus.ts";

function bytesOf(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: random.below(most) }, () => random.below(256));
}

/** A text to which each command adds; it has no snapshots in steps. */
function plainText(): StateMachine & { text(): string } {
  let text = "";
  return {
    text: () => text,
    apply(command): ClientReply {
      text += String.fromCharCode(...command);
      return OK;
    },
    isRead: () => false,
    read: (): ClientReply => ({ type: "ok", value: text }),
    snapshot: () => Uint8Array.from(text, (character) => character.charCodeAt(0)),
    restore(data) {
      if (data[0] === 255) throw new SyntaxError("Cannot read a text");
      text = String.fromCharCode(...data);
    },
  };
}

/** A journal that gives a snapshot's bytes in pieces of drawn lengths, and says "not yet" now and then. */
function journalOf(data: Uint8Array, random: Random): { journal: Journal; snapshot: Snapshot } {
  const identity = { index: logIndex(1), term: term(1), configuration: configurationOf([nodeId(1)]) };
  const most = 1 + random.below(random.chance(1, 2) ? 4 : 300);
  const readSnapshot = (_of: Snapshot, offset: number, maxBytes: number): Uint8Array | null =>
    random.chance(1, 4) ? null : data.slice(offset, offset + Math.min(maxBytes, 1 + random.below(most)));
  const snapshot = { ...identity, bytes: data.length, digest: crc32c(data) };
  return { journal: { readSnapshot } as unknown as Journal, snapshot };
}

test("slices come out of their pieces as they were, whatever the lengths of both", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 600); seed++) {
    const random = createRandom(seed);
    const slices = Array.from({ length: random.below(6) }, () => bytesOf(random, random.chance(1, 3) ? 300 : 6));
    const writer = new ByteWriter();
    for (const slice of slices) writer.bytesWithLength(slice);
    const bytes = writer.copy();
    const cut = random.chance(1, 3) ? random.below(bytes.length + 1) : bytes.length;
    const found: Uint8Array[] = [];
    // A slice belongs to the caller: its bytes may be something else later.
    const reader = new SliceReader((slice) => found.push(slice.slice()));
    const most = 1 + random.below(random.chance(1, 2) ? 4 : 100);
    for (let at = 0; at < cut;) {
      const end = Math.min(cut, at + 1 + random.below(most));
      reader.add(bytes.slice(at, end));
      at = end;
    }

    let end = 0;
    const whole = slices.filter((slice) => (end += 4 + slice.length) <= cut);
    assert.deepEqual(found, whole, `seed ${seed}`);
    const left = cut - whole.reduce((sum, slice) => sum + 4 + slice.length, 0);
    if (left === 0) reader.end();
    else assert.throws(() => reader.end(), /^SyntaxError: Cannot read a snapshot: its last slice is cut short$/);
  }
});

test("a machine without snapshots in steps is loaded from pieces of any length, below sessions and a directory too", () => {
  for (let seed = 1; seed <= tries("KAYA_RANDOM_CASES", 120); seed++) {
    const random = createRandom(seed);
    const make = () => {
      const inner = plainText();
      return { inner, machine: withSessions(withDirectory(inner)) };
    };
    const [from, to] = [make(), make()];
    for (let index = 1; index <= 20; index++) {
      const command = Uint8Array.of(40, ...bytesOf(random, 40));
      from.machine.apply(underSession(command, { client: index % 3, sequence: index }), index);
      to.machine.apply(Uint8Array.of(41), index);
      const entry = { id: index, address: `a:${index}`, wish: "voter" as const, replaces: 0, birth: index };
      if (random.chance(1, 3)) from.machine.apply(encodeEntry(entry), index);
    }
    const data = joinSlices((writer) => slicesOf(from.machine, writer));
    const before = to.inner.text();
    const { journal, snapshot } = journalOf(data, random);
    const load = new SnapshotLoad(snapshot, journal, to.machine);
    for (let step = load.step(); step !== "done"; step = load.step()) assert.equal(to.inner.text(), before);

    assert.equal(to.inner.text(), from.inner.text(), `seed ${seed}`);
    assert.deepEqual(to.machine.snapshot(), from.machine.snapshot());
  }
});

test("a snapshot that a machine cannot read changes neither the machine nor what is around it", () => {
  const make = (inner: StateMachine) => withSessions(withDirectory(inner));
  const machine = make(plainText());
  machine.apply(underSession(Uint8Array.of(65), { client: "c", sequence: 1 }), 1);
  const before = machine.snapshot();
  const other = make(plainText());
  other.apply(Uint8Array.of(255), 1);
  other.apply(underSession(Uint8Array.of(66), { client: "d", sequence: 1 }), 2);

  assert.throws(() => machine.restore(other.snapshot()), /^SyntaxError: Cannot read a text$/);
  const marked = Uint8Array.of(1, 0, 0, 0, 7);
  assert.throws(() => loadSlices(marked, machine.restoreInSteps!()), /^SyntaxError: .* a slice has the mark 7$/);
  assert.throws(() => machine.restore(before.slice(0, -1)), SyntaxError);
  const store = make(createKvStore());
  store.apply(encodeOperation({ f: "put", key: "a", value: "1" }), 1);
  assert.throws(() => store.restore(other.snapshot()), SyntaxError);

  assert.deepEqual(machine.snapshot(), before);
  assert.deepEqual(store.read(encodeOperation({ f: "get", key: "a" })), { type: "ok", value: "1" });
});

test("a member's entry that is cut short, or has bytes left over, is a failure and changes nothing", () => {
  let changes = 0;
  const directory = withDirectory(plainText(), () => changes++);
  const whole = encodeEntry({ id: 3, address: "h:1", wish: "voter", replaces: 2, birth: 9 }).slice();
  for (let length = 1; length < whole.length; length++) {
    const reply = directory.apply(whole.subarray(0, length), length);
    assert.match(reply.type === "fail" ? reply.error : "", /^Cannot read a member's entry: /, `${length} bytes`);
  }
  assert.equal(directory.apply(Uint8Array.of(...whole, 0), 1).type, "fail");
  assert.deepEqual([directory.entries.size, changes], [0, 0]);
  assert.equal(directory.apply(whole, 1).type, "ok");
  assert.deepEqual([directory.entries.get(3)?.address, changes], ["h:1", 1]);
});
