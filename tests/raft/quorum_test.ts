import { test } from "node:test";
import assert from "node:assert/strict";
import { createRandom, majority, type NodeId, nodeId, reachedByQuorum } from "../../raft/mod.ts";
import { isQuorum, majorityVote, quorumVote, reachedByMajority, type VoteResult } from "../../raft/quorum.ts";
import { corpusFiles, readCorpus, skipWithoutCorpus } from "../corpus.ts";
import { type Directive, listOf, parseDatadriven } from "./datadriven.ts";

const answers: Record<VoteResult, string> = { won: "VoteWon", lost: "VoteLost", pending: "VotePending" };

function answer(directive: Directive): string {
  const ids = (name: string): NodeId[] => {
    const value = directive.argument(name);
    // Whatever numbers a file calls its voters, 0 too: counting does not care.
    return value === "zero" ? [] : listOf(value).map((id) => Number(id) as NodeId);
  };
  const configuration = { voters: ids("cfg"), votersOutgoing: ids("cfgj") };
  const order = [...new Set([...configuration.voters, ...configuration.votersOutgoing])];
  const given = listOf(directive.argument(directive.command === "vote" ? "votes" : "idx"));
  const known = order.flatMap((id, i) => given[i] === undefined || given[i] === "_" ? [] : [[id, given[i]!] as const]);
  if (directive.command === "vote") {
    return answers[quorumVote(configuration, new Map(known.map(([id, vote]) => [id, vote === "y"])))];
  }
  assert.equal(directive.command, "committed");
  const held = new Map(known.map(([id, index]) => [id, Number(index)]));
  const index = reachedByQuorum(configuration, (id) => held.get(id));
  return index === Infinity ? "∞" : String(index);
}

const files = corpusFiles("etcd-raft/quorum");
if (files.length === 0) {
  test("etcd-raft/quorum", { skip: skipWithoutCorpus || "no such files in the corpus" }, () => {});
}
for (const path of files) {
  test(path, () => {
    const directives = parseDatadriven(new TextDecoder().decode(readCorpus(path)));
    assert(directives.length > 0);
    for (const directive of directives) {
      const expected = directive.expected.at(-1)!;
      assert.equal(answer(directive), expected.endsWith("∞") ? "∞" : expected.trim(), `${path}:${directive.line}`);
    }
  });
}

test("a majority is more than half, for even numbers of voters too (fault 1 of kaya-raft: ceil(n/2))", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(majority), [1, 2, 2, 3, 3, 4]);
  const four = [1, 2, 3, 4].map(nodeId);
  assert.equal(majorityVote(four, new Map([[nodeId(1), true], [nodeId(2), true]])), "pending");
  assert.equal(reachedByMajority(four, (id) => id <= 2 ? 9 : 0), 0);
});

test("a joint decision needs both majorities, not one of all members pooled (fault 2 of kaya-raft; section 6)", () => {
  const joint = { voters: [1, 2, 3].map(nodeId), votersOutgoing: [3, 4, 5, 6, 7].map(nodeId) };
  // five of seven members, but only two of the five old ones
  const yes = new Map([1, 2, 3, 4].map((id) => [nodeId(id), true]));
  assert.equal(quorumVote(joint, yes), "pending");
  assert.equal(reachedByQuorum(joint, (id) => yes.has(id) ? 9 : 0), 0);
  assert.equal(isQuorum(joint, (id) => id >= 2 && id <= 5), true);
});

test("the votes of others than the voters do not count", () => {
  const votes = new Map([1, 8, 9].map((id) => [nodeId(id), true]));
  assert.equal(majorityVote([1, 2, 3].map(nodeId), votes), "pending");
});

test("counting and sorting agree with trying every threshold, over random joint configurations", () => {
  const random = createRandom(4);
  for (let round = 0; round < 3000; round++) {
    const pick = (): NodeId[] => [1, 2, 3, 4, 5, 6, 7].filter(() => random.chance(1, 2)).map(nodeId);
    const configuration = { voters: pick(), votersOutgoing: pick() };
    const held = new Map(
      [1, 2, 3, 4, 5, 6, 7].filter(() => random.chance(3, 4)).map((id) => [nodeId(id), random.below(6)]),
    );
    const votes = new Map(
      [1, 2, 3, 4, 5, 6, 7].filter(() => random.chance(2, 3)).map((id) => [nodeId(id), random.chance(1, 2)]),
    );
    const halves = [configuration.voters, configuration.votersOutgoing].filter((half) => half.length > 0);

    const isReached = (index: number): boolean =>
      halves.every((half) => half.filter((id) => (held.get(id) ?? 0) >= index).length * 2 > half.length);
    const naive = halves.length === 0 ? Infinity : [5, 4, 3, 2, 1, 0].find(isReached);
    assert.equal(reachedByQuorum(configuration, (id) => held.get(id)), naive);

    const wins = (vote: (id: NodeId) => boolean): boolean =>
      halves.every((half) => half.filter(vote).length * 2 > half.length);
    const naiveVote: VoteResult = wins((id) => votes.get(id) === true)
      ? "won"
      : wins((id) => votes.get(id) !== false)
      ? "pending"
      : "lost";
    assert.equal(quorumVote(configuration, votes), naiveVote);
  }
});
