import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answersChange,
  changesAsAsked,
  promotesInTime,
  reasonToRefuse,
} from "../../../../harness/sim/invariants/changes.ts";
import { observed, World } from "../../../../harness/sim/invariants/world.ts";
import {
  changeConfiguration,
  type Configuration,
  type ConfigurationChange,
  configurationOf,
  createRandom,
  type LogIndex,
  type MemberChange,
  MemLog,
  nodeId,
  type RaftStatus,
  type Term,
} from "../../../../raft/mod.ts";
import type { DirectoryEntry } from "../../../../server/replica/directory.ts";

function world(): World {
  return new World(() => 0, { electionTimeoutTicks: 10, checkQuorum: true, preVote: true, maxAppendBytes: 50 });
}

function made(from: Configuration, change: ConfigurationChange, to: Configuration): string | null {
  const seen = world();
  changesAsAsked(seen, 1, { from, to }, change);
  return seen.verdict().reason ?? null;
}

function step(type: MemberChange["type"], node: number): MemberChange {
  return { type, node: nodeId(node) };
}

const THREE = configurationOf([1, 2, 3].map(nodeId), [4, 5].map(nodeId));

test("every change that the core makes is the one that was asked for, for random changes", () => {
  let changes = 0;
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = createRandom(seed);
    const steps = Array.from(
      { length: 1 + random.below(4) },
      () => step((["add-voter", "add-learner", "remove"] as const)[random.below(3)]!, 1 + random.below(6)),
    );
    let from = THREE;
    for (
      const change of [
        random.below(2) === 0 ? { type: "simple", changes: steps } : {
          ...{ type: "enter-joint", changes: steps, autoLeave: random.below(2) === 0 },
        },
        { type: "leave-joint" },
      ] as ConfigurationChange[]
    ) {
      let to;
      try {
        to = changeConfiguration(from, change).configuration;
      } catch {
        continue;
      }
      changes++;
      assert.equal(made(from, change, to), null, `seed ${seed}`);
      from = to;
    }
  }
  assert.ok(changes > 1_000);
});

test("a change that loses a learner, moves another member, or forgets to leave by itself is noticed", () => {
  const add = { type: "simple", changes: [step("add-voter", 4)] } as const;
  const right = changeConfiguration(THREE, add).configuration;
  assert.equal(made(THREE, add, right), null);
  assert.match(
    made(THREE, add, { ...right, learners: [] })!,
    /^changes: node 1 was asked for simple add-voter 4 from voters=\(1 2 3\) learners=\(4 5\), and makes voters=\(1 2 3 4\)$/,
  );
  assert.notEqual(made(THREE, add, { ...right, voters: [1, 2, 4].map(nodeId) }), null);
  const swap = {
    type: "enter-joint",
    changes: [step("add-learner", 3), step("add-voter", 4)],
    autoLeave: true,
  } as const;
  const joint = changeConfiguration(THREE, swap).configuration;
  assert.equal(made(THREE, swap, joint), null);
  assert.notEqual(made(THREE, swap, { ...joint, autoLeave: false }), null);
  assert.notEqual(made(THREE, swap, { ...joint, learnersNext: [] }), null);
  assert.notEqual(made(joint, { type: "leave-joint" }, { ...joint, votersOutgoing: [] }), null);
});

/** What is wrong where a routine asks for a change: node 4 holds so many of 100 entries and is to become a voter. */
function promoted(held: number, change: ConfigurationChange, entry: Partial<DirectoryEntry> = {}): string | null {
  const seen = world();
  const log = new MemLog();
  for (let index = 1; index <= held; index++) {
    log.appendOne({ index: index as LogIndex, term: 1 as Term, kind: "noop", data: new Uint8Array(0) });
  }
  seen.nodes.set(4, observed(log, () => 0));
  const known = { id: 4, address: "sim:4", wish: "voter", replaces: 0, birth: 7, ...entry } as const;
  promotesInTime(seen, 1, change, {
    ...{ members: [1, 2, 3, 4], directory: new Map([[4, known]]), lastIndex: 100, caughtUpEntries: 10 },
  });
  return seen.verdict().reason ?? null;
}

test("a promotion before the member has caught up is noticed, and one that nobody wishes for", () => {
  const change: ConfigurationChange = { type: "simple", changes: [step("add-voter", 4)] };
  assert.equal(promoted(90, change), null);
  assert.match(
    promoted(89, change)!,
    /^changes: the routine of leader 1 promotes node 4, which holds 89 of 100 entries/,
  );
  assert.match(promoted(0, change)!, /which holds 0 of 100 entries/);
  assert.match(promoted(100, change, { wish: "as-is" })!, /promotes node 4, which is to stay as it is/);
  assert.match(promoted(100, { type: "simple", changes: [step("remove", 3)] })!, /promotes nobody/);
  assert.match(promoted(100, { type: "leave-joint" })!, /leaves a joint configuration/);
});

test("a promotion that leaves the replaced member, or removes another, is noticed", () => {
  const with3 = { type: "enter-joint", changes: [step("add-voter", 4), step("remove", 3)], autoLeave: true } as const;
  const alone = { type: "simple", changes: [step("add-voter", 4)] } as const;
  assert.equal(promoted(100, with3, { replaces: 3 }), null);
  assert.equal(promoted(100, alone, { replaces: 9 }), null, "node 9 is no member any more");
  assert.match(promoted(100, alone, { replaces: 3 })!, /promotes node 4 and removes none, not 3/);
  assert.match(promoted(100, with3, { replaces: 2 })!, /promotes node 4 and removes 3, not 2/);
  assert.match(promoted(100, with3)!, /promotes node 4 and removes 3, not none/);
});

/** Node 1 leads term 2 with three voters and two learners, all heard. */
function leading(changed: Partial<RaftStatus> = {}): RaftStatus {
  const followers = [2, 3, 4, 5].map((id) => ({ id: nodeId(id), isActive: true }));
  const indexes = { configurationIndex: 1, commitIndex: 2 };
  return {
    ...{ id: 1, role: "leader", term: 2, configuration: THREE, transferTarget: null, ...indexes, followers },
    ...changed,
  } as unknown as RaftStatus;
}

const TERM_TWO = { termAt: () => 2 as Term };

test("a leader whom nothing hinders must make exactly the changes that follow from its configuration", () => {
  let [taken, refused] = [0, 0];
  for (let seed = 1; seed <= 3_000; seed++) {
    const random = createRandom(seed);
    const changes = Array.from(
      { length: 1 + random.below(3) },
      () => step((["add-voter", "add-learner", "remove"] as const)[random.below(3)]!, 1 + random.below(5)),
    );
    const change = (random.below(2) === 0 ? { type: "simple", changes } : {
      ...{ type: "enter-joint", changes, autoLeave: true },
    }) as ConfigurationChange;
    let isTaken = true;
    try {
      changeConfiguration(THREE, change);
    } catch {
      isTaken = false;
    }
    taken += Number(isTaken);
    refused += Number(!isTaken);
    assert.equal(reasonToRefuse({ status: leading(), log: TERM_TWO }, change) === null, isTaken, `seed ${seed}`);
  }
  assert.ok(taken > 200 && refused > 200, `${taken} taken, ${refused} refused`);
});

test("each reason to refuse a change is known", () => {
  const add = { type: "simple", changes: [step("add-voter", 4)] } as ConfigurationChange;
  const why = (changed: Partial<RaftStatus>, term = 2, change = add): string | null =>
    reasonToRefuse({ status: leading(changed), log: { termAt: () => term as Term } }, change);
  assert.equal(why({}), null);
  assert.match(why({ transferTarget: nodeId(2) })!, /hands over/);
  assert.match(why({}, 1)!, /nothing of its term/);
  assert.match(why({ configurationIndex: 3 as LogIndex })!, /another change/);
  assert.match(why({}, 2, { type: "leave-joint" })!, /not joint/);
  const silent = leading().followers.map((one) => ({ ...one, isActive: false }));
  assert.match(why({ followers: silent })!, /no quorum would be heard/);
  const joint = { ...THREE, votersOutgoing: [nodeId(1)], autoLeave: true };
  assert.match(why({ configuration: joint })!, /is joint/);
  assert.equal(why({ configuration: joint, followers: silent }, 2, { type: "leave-joint" }), null);
});

test("an answer to a change that its entry does not bear out is noticed", () => {
  const judged = (type: "ok" | "fail", through: number, term: number): boolean => {
    const seen = world();
    seen.committedThrough = through;
    seen.committed[5] = term;
    const reply = type === "ok" ? { type, value: null } : { type, error: "another's" };
    answersChange(seen, 1, { index: 5 as LogIndex, term: 2 as Term }, reply);
    return seen.isBroken;
  };
  assert.deepEqual([judged("ok", 5, 2), judged("ok", 4, 2), judged("ok", 5, 3)], [false, true, true]);
  assert.deepEqual([judged("fail", 5, 3), judged("fail", 5, 2)], [false, true]);
});
