// Whole scenarios, each with the transcript of what every node did. A line after ">" is a step of the script
// (scenario.ts), the rest is its outcome.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { RaftConfig } from "../../raft/mod.ts";
import { transcriptOf } from "./scenario.ts";

function scenario(name: string, nodes: number, config: Partial<RaftConfig>, transcript: string): void {
  test(name, () => {
    const expected = transcript.trimStart();
    const script = expected.split("\n").filter((line) => line.startsWith("> ")).map((line) => line.slice(2)).join("\n");
    assert.equal(transcriptOf(script, nodes, config), expected);
  });
}

scenario(
  "an election with pre-votes, and a command that three nodes apply",
  3,
  {},
  `
> campaign 1
  1 becomes pre-candidate in term 0
> deliver
  1->2 term 1 PreVote last 0@0
  2 grants its pre-vote to 1 for term 1
  1->3 term 1 PreVote last 0@0
  3 grants its pre-vote to 1 for term 1
  2->1 term 1 PreVote reply: granted
  1 enters term 1
  1 becomes candidate in term 1
  3->1 term 1 PreVote reply: granted
  1 ignores it: the node is no pre-candidate
  1->2 term 1 RequestVote last 0@0
  2 enters term 1
  2 grants its vote to 1 for term 1
  1->3 term 1 RequestVote last 0@0
  3 enters term 1
  3 grants its vote to 1 for term 1
  2->1 term 1 RequestVote reply: granted
  1 becomes leader in term 1
  1 appends 1@1 noop
  3->1 term 1 RequestVote reply: granted
  1 ignores it: the node is no candidate
  1->2 term 1 AppendEntries prev 0@0, entry 1@1 noop, leaderCommit 0
  2 appends 1@1 noop
  1->3 term 1 AppendEntries prev 0@0, entry 1@1 noop, leaderCommit 0
  3 appends 1@1 noop
  2->1 term 1 AppendEntries reply: match 1
  1 commits up to 1
  3->1 term 1 AppendEntries reply: match 1
  1->2 term 1 Commit up to 1
  2 commits up to 1
  1->3 term 1 Commit up to 1
  3 commits up to 1
> propose 1 a
  1 appends 2@1 a
> deliver
  1->2 term 1 AppendEntries prev 1@1, entry 2@1 command, leaderCommit 1
  2 appends 2@1 a
  1->3 term 1 AppendEntries prev 1@1, entry 2@1 command, leaderCommit 1
  3 appends 2@1 a
  2->1 term 1 AppendEntries reply: match 2
  1 commits up to 2
  1 applies 2 a
  3->1 term 1 AppendEntries reply: match 2
  1->2 term 1 Commit up to 2
  2 commits up to 2
  2 applies 2 a
  1->3 term 1 Commit up to 2
  3 commits up to 2
  3 applies 2 a
`,
);

scenario(
  "a leader that was cut off comes back, and its uncommitted entry is dropped",
  3,
  { "preVote": false, "checkQuorum": false },
  `
> elect 1
> cut 1
> propose 1 lost
  1 appends 2@1 lost
> deliver
  lost: 1->2 term 1 AppendEntries prev 1@1, entry 2@1 command, leaderCommit 1
  lost: 1->3 term 1 AppendEntries prev 1@1, entry 2@1 command, leaderCommit 1
> elect 2
> propose 2 kept
  2 appends 3@2 kept
> deliver
  2->3 term 2 AppendEntries prev 2@2, entry 3@2 command, leaderCommit 2
  3 appends 3@2 kept
  3->2 term 2 AppendEntries reply: match 3
  2 commits up to 3
  2 applies 3 kept
  2->3 term 2 Commit up to 3
  3 commits up to 3
  3 applies 3 kept
> heal
> tick 2
> deliver
  2->1 term 2 Heartbeat round 1, leaderCommit 0
  1 enters term 2
  1 becomes follower in term 2
  2->3 term 2 Heartbeat round 1, leaderCommit 3
  1->2 term 2 Heartbeat reply: round 1
  3->2 term 2 Heartbeat reply: round 1
  2->1 term 2 AppendEntries prev 1@1, entries 2..3@2, leaderCommit 3
  1 drops 2 to 2
  1 appends 2@2 noop
  1 appends 3@2 kept
  1 commits up to 3
  1 applies 3 kept
  1->2 term 2 AppendEntries reply: match 3
> log 1
  1 holds 1@1 noop, 2@2 noop, 3@2 kept
`,
);

scenario(
  "a node that was cut off asks for pre-votes in vain, and follows again",
  3,
  {},
  `
> elect 1
> cut 3
> tick 3 20
  3 becomes pre-candidate in term 1
> deliver
  lost: 3->1 term 2 PreVote last 1@1
  lost: 3->2 term 2 PreVote last 1@1
> heal
> tick 1
> deliver
  1->2 term 1 Heartbeat round 1, leaderCommit 1
  1->3 term 1 Heartbeat round 1, leaderCommit 1
  3 becomes follower in term 1
  2->1 term 1 Heartbeat reply: round 1
  3->1 term 1 Heartbeat reply: round 1
> status 3
  3 is follower in term 1 under 1, commit 1, voters=(1 2 3)
`,
);

scenario(
  "a follower that is far behind gets a snapshot in two chunks, of which one is lost",
  3,
  { "snapshotChunkBytes": 6 },
  `
> elect 1
> cut 3
> propose 1 a
  1 appends 2@1 a
> deliver
  1->2 term 1 AppendEntries prev 1@1, entry 2@1 command, leaderCommit 1
  2 appends 2@1 a
  lost: 1->3 term 1 AppendEntries prev 1@1, entry 2@1 command, leaderCommit 1
  2->1 term 1 AppendEntries reply: match 2
  1 commits up to 2
  1 applies 2 a
  1->2 term 1 Commit up to 2
  2 commits up to 2
  2 applies 2 a
> compact 1 2
  1 snapshot 2@1: taken
> heal
> tick 1
> deliver 1->3
  1->3 term 1 Heartbeat round 1, leaderCommit 1
> deliver 3->1
  3->1 term 1 Heartbeat reply: round 1
> deliver 1->3
  1->3 term 1 AppendEntries prev 2@1, no entries, leaderCommit 2
> deliver 3->1
  3->1 term 1 AppendEntries reply: no match at 2, try 1@1
  1 snapshot 2@1: sending with 3
> # the first chunk is lost, and the echo of the next heartbeat shows it
> drop 1->3
  lost: 1->3 term 1 InstallSnapshot 2@1, bytes 0 to 6 of 10, voters=(1 2 3)
> tick 1
> deliver
  1->2 term 1 Heartbeat round 1, leaderCommit 2
  1->2 term 1 Heartbeat round 2, leaderCommit 2
  1->3 term 1 Heartbeat round 2, leaderCommit 1
  2->1 term 1 Heartbeat reply: round 1
  2->1 term 1 Heartbeat reply: round 2
  3->1 term 1 Heartbeat reply: round 2
  1->3 term 1 InstallSnapshot 2@1, bytes 0 to 6 of 10, voters=(1 2 3)
  3->1 term 1 InstallSnapshot reply: 2, chunk at 0, next at 6
  1->3 term 1 InstallSnapshot 2@1, bytes 6 to 10 of 10, voters=(1 2 3)
  3 snapshot 2@1: installed with 1
  3 is under voters=(1 2 3) of 2 (snapshot)
  3 loads the snapshot at 2: state at 2
  3->1 term 1 AppendEntries reply: match 2
> status 3
  3 is follower in term 1 under 1, commit 2, voters=(1 2 3)
`,
);

scenario(
  "a voter is replaced through a joint configuration, which the leader leaves by itself",
  3,
  {},
  `
> elect 1
> join 4
> change 1 joint v4 r3
  1 appends 2@1 configuration
  1 is under voters=(1 2 4)&&(1 2 3) autoleave of 2 (append)
> change 1 v5
  refused: Cannot change the configuration: the one at index 2 is not committed yet
> deliver
  1->2 term 1 AppendEntries prev 1@1, entry 2@1 configuration, leaderCommit 1
  2 appends 2@1 configuration
  2 is under voters=(1 2 4)&&(1 2 3) autoleave of 2 (append)
  1->3 term 1 AppendEntries prev 1@1, entry 2@1 configuration, leaderCommit 1
  3 appends 2@1 configuration
  3 is under voters=(1 2 4)&&(1 2 3) autoleave of 2 (append)
  1->4 term 1 AppendEntries prev 2@1, no entries, leaderCommit 1
  4 enters term 1
  2->1 term 1 AppendEntries reply: match 2
  1 commits up to 2
  1 appends 3@1 configuration
  1 is under voters=(1 2 4) of 3 (append)
  3->1 term 1 AppendEntries reply: match 2
  1 ignores it: it is from no member
  4->1 term 1 AppendEntries reply: no match at 2, try 0@0
  1->2 term 1 AppendEntries prev 2@1, entry 3@1 configuration, leaderCommit 2
  2 appends 3@1 configuration
  2 is under voters=(1 2 4) of 3 (append)
  2 commits up to 2
  1->4 term 1 AppendEntries prev 0@0, entries 1..3@1, leaderCommit 2
  4 appends 1@1 noop
  4 appends 2@1 configuration
  4 is under voters=(1 2 4)&&(1 2 3) autoleave of 2 (append)
  4 appends 3@1 configuration
  4 is under voters=(1 2 4) of 3 (append)
  4 commits up to 2
  2->1 term 1 AppendEntries reply: match 3
  1 commits up to 3
  4->1 term 1 AppendEntries reply: match 3
  1->2 term 1 Commit up to 3
  2 commits up to 3
  1->4 term 1 Commit up to 3
  4 commits up to 3
> status 1
  1 is leader in term 1 under 1, commit 3, voters=(1 2 4)
> status 4
  4 is follower in term 1 under 1, commit 3, voters=(1 2 4)
`,
);

scenario(
  "a leader that is removed steps down once that is committed",
  3,
  {},
  `
> elect 1
> change 1 r1
  1 appends 2@1 configuration
  1 is under voters=(2 3) of 2 (append)
> status 1
  1 is leader in term 1 under 1, commit 1, voters=(2 3)
> deliver
  1->2 term 1 AppendEntries prev 1@1, entry 2@1 configuration, leaderCommit 1
  2 appends 2@1 configuration
  2 is under voters=(2 3) of 2 (append)
  1->3 term 1 AppendEntries prev 1@1, entry 2@1 configuration, leaderCommit 1
  3 appends 2@1 configuration
  3 is under voters=(2 3) of 2 (append)
  2->1 term 1 AppendEntries reply: match 2
  3->1 term 1 AppendEntries reply: match 2
  1 commits up to 2
  1 becomes follower in term 1
  1->2 term 1 Commit up to 2
  2 commits up to 2
  1->3 term 1 Commit up to 2
  3 commits up to 2
> status 1
  1 is follower in term 1 under nobody, commit 2, voters=(2 3)
`,
);

scenario(
  "one read waits for the round of another, and a follower asks its leader",
  5,
  {},
  `
> elect 1
> read 1 10
> read 1 11
> read 2 20
> deliver
  1->2 term 1 Heartbeat round 1, leaderCommit 1
  1->3 term 1 Heartbeat round 1, leaderCommit 1
  1->4 term 1 Heartbeat round 1, leaderCommit 1
  1->5 term 1 Heartbeat round 1, leaderCommit 1
  2->1 term 1 ReadIndex 20
  2->1 term 1 Heartbeat reply: round 1
  3->1 term 1 Heartbeat reply: round 1
  1 confirms read 10 at 1 by quorum
  1 may answer read 10 once it has applied 1
  4->1 term 1 Heartbeat reply: round 1
  5->1 term 1 Heartbeat reply: round 1
  1->2 term 1 Heartbeat round 2, leaderCommit 1
  1->3 term 1 Heartbeat round 2, leaderCommit 1
  1->4 term 1 Heartbeat round 2, leaderCommit 1
  1->5 term 1 Heartbeat round 2, leaderCommit 1
  2->1 term 1 Heartbeat reply: round 2
  3->1 term 1 Heartbeat reply: round 2
  1 confirms read 11 at 1 by quorum
  1 confirms read 20 at 1 by quorum
  1 may answer read 11 once it has applied 1
  4->1 term 1 Heartbeat reply: round 2
  5->1 term 1 Heartbeat reply: round 2
  1->2 term 1 ReadIndex reply: 20 at 1
  2 may answer read 20 once it has applied 1
`,
);

scenario(
  "among three, a follower that asks and its leader are a quorum",
  3,
  {},
  `
> elect 1
> read 2 20
> deliver
  2->1 term 1 ReadIndex 20
  1 confirms read 20 at 1 by quorum
  1->2 term 1 ReadIndex reply: 20 at 1
  2 may answer read 20 once it has applied 1
`,
);

scenario(
  "a transfer, during which proposals are refused",
  3,
  {},
  `
> elect 1
> transfer 1 3
  1 hands over to 3: started
  1 hands over to 3: timeout-now
> propose 1 a
  refused: Cannot propose: the leadership is being handed over to node 3
> deliver
  1->3 term 1 TimeoutNow
  3 enters term 2
  3 becomes candidate in term 2
  3->1 term 2 RequestVote last 1@1, leadership transfer
  1 enters term 2
  1 becomes follower in term 2
  1 grants its vote to 3 for term 2
  3->2 term 2 RequestVote last 1@1, leadership transfer
  2 enters term 2
  2 grants its vote to 3 for term 2
  1->3 term 2 RequestVote reply: granted
  3 becomes leader in term 2
  3 appends 2@2 noop
  2->3 term 2 RequestVote reply: granted
  3 ignores it: the node is no candidate
  3->1 term 2 AppendEntries prev 1@1, entry 2@2 noop, leaderCommit 1
  1 appends 2@2 noop
  3->2 term 2 AppendEntries prev 1@1, entry 2@2 noop, leaderCommit 1
  2 appends 2@2 noop
  1->3 term 2 AppendEntries reply: match 2
  3 commits up to 2
  2->3 term 2 AppendEntries reply: match 2
  3->1 term 2 Commit up to 2
  1 commits up to 2
  3->2 term 2 Commit up to 2
  2 commits up to 2
> propose 1 a
  refused: This node does not lead, node 3 does
> status 1
  1 is follower in term 2 under 3, commit 2, voters=(1 2 3)
`,
);

scenario(
  "a lease answers a read without a round, and is gone once a TimeoutNow was sent",
  3,
  { "leaseReads": true },
  `
> elect 1
> tick 1
> deliver
  1->2 term 1 Heartbeat round 1, leaderCommit 1
  1->3 term 1 Heartbeat round 1, leaderCommit 1
  2->1 term 1 Heartbeat reply: round 1
  3->1 term 1 Heartbeat reply: round 1
> read 1 10
  1 confirms read 10 at 1 by lease
  1 may answer read 10 once it has applied 1
> transfer 1 3
  1 hands over to 3: started
  1 hands over to 3: timeout-now
> drop 1->3
  lost: 1->3 term 1 TimeoutNow
> tick 1 10
  1 hands over to 3: aborted
> read 1 11
  1 has no lease for read 11: a TimeoutNow was sent in this term
`,
);

scenario(
  "a cluster of one restarts, and applies its log again from its snapshot on",
  1,
  {},
  `
> elect 1
> propose 1 a b
  1 appends 2@1 a
  1 appends 3@1 b
  1 commits up to 3
  1 applies 2 a
  1 applies 3 b
> compact 1 2
  1 snapshot 2@1: taken
> restart 1
> campaign 1
  1 becomes pre-candidate in term 1
  1 enters term 2
  1 becomes candidate in term 2
  1 becomes leader in term 2
  1 appends 4@2 noop
  1 commits up to 4
  1 loads the snapshot at 2: state at 2
  1 applies 3 b
> deliver
> log 1
  1 holds 3@1 b, 4@2 noop
`,
);
