import assert from "node:assert/strict";
import { test } from "node:test";
import { type Holding, outgrown } from "../../../../harness/sim/invariants/bounds.ts";

const FINE: Holding = {
  id: 2,
  ...{ sessions: 3, maxSessions: 3, isSnapshotting: false, entryBytes: 9_000, longestEntry: 150 },
  ...{ snapshotBytes: 700, compactionBytes: 200, keptBytes: 0, idleSegments: 8, segmentBytes: 1_000 },
};

test("a node that holds no more than its settings explain is fine", () => {
  assert.equal(outgrown(FINE), null);
  assert.equal(outgrown({ ...FINE, compactionBytes: 2 ** 40, entryBytes: 10 ** 9 }), null);
  assert.equal(outgrown({ ...FINE, isSnapshotting: true, entryBytes: 10 ** 9 }), null);
});

test("a session too many, a log that was not compacted, and segments that were not let go are named", () => {
  assert.match(outgrown({ ...FINE, sessions: 4 })!, /node 2 remembers 4 sessions, but 3 are the most/);
  assert.match(outgrown({ ...FINE, entryBytes: 9_001 })!, /the log of node 2 holds 9001 bytes, but 9000 are the most/);
  assert.match(outgrown({ ...FINE, idleSegments: 9 })!, /node 2 has 9 segments that its snapshot covers, but 8/);
});
