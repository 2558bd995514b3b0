import assert from "node:assert/strict";
import { test } from "node:test";
import { statusInWords } from "../../../harness/cli/member.ts";
import { columns, fitTo, textWidth } from "../../../harness/report/columns.ts";

const status = {
  ...{ id: 2, cluster: "shop", role: "leader", term: 7, leader: 2, commitIndex: 1200, appliedIndex: 1199 },
  ...{ lastIndex: 1201, voters: [1, 2, 4], votersOutgoing: [1, 2, 3], learners: [5], client: "127.0.0.1:7002" },
  members: { 10: "h:10", 1: "h:1", 2: "h:2", 3: "h:3", 4: "h:4", 5: "h:5" },
  matchIndex: { 1: 1201, 3: 900 },
  ...{ keys: 1, syncs: 9 },
};

test("a member's status is told in words: itself, and each member with its part and how far it is", () => {
  assert.equal(
    statusInWords(status),
    `node 2 of cluster shop: leader in term 7; it leads
log up to 1,201, committed up to 1,200, applied up to 1,199; 1 key
  node 1   voter, h:1, has the log up to 1,201
  node 2   voter, h:2, leader
  node 3   voter until the change is complete, h:3, has the log up to 900
  node 4   new voter, h:4
  node 5   learner, h:5
  node 10  no member any more, h:10
`,
  );
  assert.match(
    statusInWords({ ...status, leader: null, role: "follower" }),
    /follower in term 7; no leader is known\n/,
  );
});

test("text fits the terminal, from 40 to 120 columns, and 80 where there is none", () => {
  try {
    const long = "word ".repeat(60).trim();
    for (const [given, width] of [[undefined, 80], [100, 100], [60, 60], [10, 40], [500, 120]] as const) {
      fitTo(given);
      assert.equal(textWidth(), width);
      const lengths = columns([["name", long]]).trimEnd().split("\n").map((line) => line.length);
      assert.ok(Math.max(...lengths) <= width && Math.max(...lengths) > width - 6, `${lengths}`);
    }
  } finally {
    fitTo(undefined);
  }
});
