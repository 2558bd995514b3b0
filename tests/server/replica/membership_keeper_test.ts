import assert from "node:assert/strict";
import { test } from "node:test";
import { createKvStore } from "../../../server/store/kv_store.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { type DirectoryEntry, encodeEntry, encodeRemoval, withDirectory } from "../../../server/replica/directory.ts";
import { nextChore } from "../../../server/replica/membership_keeper.ts";
import {
  configurationOf,
  logIndex,
  MemLog,
  type NodeId,
  nodeId,
  RaftNode,
  type RaftStatus,
} from "../../../raft/mod.ts";

const ids = (...numbers: number[]): NodeId[] => numbers.map(nodeId);

/** The status of a leader with these voters and learners, whose learners' logs reach up to an index of 5000. */
function leading(voters: number[], learners: number[] = [], match = 5000, isActive = true): RaftStatus {
  const status = new RaftNode({ id: nodeId(1), peers: [] }, new MemLog()).status();
  const followers = [...voters.slice(1), ...learners].map((id) => ({
    id: nodeId(id),
    isLearner: learners.includes(id),
    state: "replicate" as RaftStatus["followers"][number]["state"],
    matchIndex: logIndex(match),
    nextIndex: logIndex(match + 1),
    inflightAppends: 0,
    inflightBytes: 0,
    echoedRound: 0,
    isPaused: false,
    isActive,
    snapshot: null,
  }));
  const configuration = { ...configurationOf(ids(...voters)), learners: ids(...learners) };
  return {
    ...status,
    role: "leader",
    configuration,
    followers,
    lastIndex: logIndex(5000),
    commitIndex: logIndex(5000),
  };
}

const entry = (id: number, more: Partial<DirectoryEntry> = {}): [number, DirectoryEntry] => [
  id,
  { id, address: `h:${id}`, wish: "as-is", replaces: 0, birth: 0, ...more },
];

test("a leader enters by which journals it has met the members, once", () => {
  const births = new Map([[1, 11], [2, 22], [9, 99]]);
  const known = new Map([[1, "h:1"], [2, "h:2"]]);
  const chore = (entries: [number, DirectoryEntry][]) => nextChore(leading([1, 2]), new Map(entries), known, births);
  assert.deepEqual(chore([]), { type: "enter", entry: entry(1, { birth: 11 })[1] });
  const wish = entry(2, { wish: "voter", birth: 0 });
  assert.deepEqual(chore([entry(1, { birth: 11 }), wish]), { type: "enter", entry: { ...wish[1], birth: 22 } });
  assert.equal(chore([entry(1, { birth: 11 }), entry(2, { birth: 21 })]), null);
});

test("a leader enters the addresses that it knows and the directory lacks", () => {
  const chore = nextChore(leading([1, 2]), new Map([entry(1)]), new Map([[1, "h:1"], [2, "h:2"]]));
  assert.deepEqual(chore, { type: "enter", entry: { id: 2, address: "h:2", wish: "as-is", replaces: 0, birth: 0 } });
});

test("a node that does not lead has no chores", () => {
  assert.equal(nextChore({ ...leading([1, 2]), role: "follower" }, new Map(), new Map([[1, "h:1"]])), null);
});

test("a newcomer becomes a voter when it has caught up, and not before", () => {
  const directory = new Map([entry(1), entry(2), entry(3, { wish: "voter" })]);
  assert.equal(nextChore(leading([1, 2], [3], 100), directory, new Map()), null);
  assert.equal(nextChore(leading([1, 2], [3], 5000, false), directory, new Map()), null);
  const short = { ...leading([1, 2], [3], 0), lastIndex: logIndex(500), commitIndex: logIndex(500) };
  assert.equal(nextChore(short, directory, new Map()), null, "it has acknowledged nothing");
  const chore = nextChore(leading([1, 2], [3], 4500), directory, new Map());
  assert.deepEqual(chore?.type === "change" && chore.change, {
    type: "simple",
    changes: [{ type: "add-voter", node: 3 }],
  });
});

test("a member that replaces another takes its place in one step", () => {
  const directory = new Map([entry(1), entry(2), entry(3, { wish: "voter", replaces: 2 })]);
  const chore = nextChore(leading([1, 2], [3]), directory, new Map());
  assert.deepEqual(chore?.type === "change" && chore.change, {
    type: "enter-joint",
    changes: [{ type: "add-voter", node: 3 }, { type: "remove", node: 2 }],
    autoLeave: true,
  });
});

test("a wish that came true, and a member that left, are forgotten", () => {
  const fulfilled = new Map([entry(1), entry(2, { wish: "voter" })]);
  assert.deepEqual(nextChore(leading([1, 2]), fulfilled, new Map()), { type: "enter", entry: entry(2)[1] });
  assert.deepEqual(nextChore(leading([1]), new Map([entry(1), entry(2)]), new Map()), { type: "forget", id: 2 });
});

test("nothing is changed while a change is under way", () => {
  const directory = new Map([entry(1), entry(2), entry(3, { wish: "voter" })]);
  const status = { ...leading([1, 2], [3]), configurationIndex: logIndex(5001) };
  assert.equal(nextChore(status, directory, new Map()), null);
});

test("the directory travels in snapshots, with the store inside", () => {
  let changes = 0;
  const before = withDirectory(createKvStore(), () => changes++);
  before.apply(encodeEntry(entry(4, { wish: "voter", replaces: 2 })[1]), 1);
  before.apply(encodeEntry(entry(5)[1]), 2);
  before.apply(encodeRemoval(5), 3);
  before.apply(encodeOperation({ f: "put", key: "a", value: "1" }), 4);
  const after = withDirectory(createKvStore(), () => changes++);
  after.restore(before.snapshot());
  assert.deepEqual([...after.entries], [entry(4, { wish: "voter", replaces: 2 })]);
  assert.deepEqual(after.read(encodeOperation({ f: "get", key: "a" })), { type: "ok", value: "1" });
  assert.equal(changes, 4);
  assert.equal(after.apply(new Uint8Array([32, 1]), 5).type, "fail");
});
