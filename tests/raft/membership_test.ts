import { test } from "node:test";
import assert from "node:assert/strict";
import {
  changeConfiguration,
  ChangeRefusedError,
  type Configuration,
  type ConfigurationChange,
  configurationOf,
  createRandom,
  decodeConfiguration,
  describeConfiguration,
  encodeConfiguration,
  isJoint,
  type MemberChange,
  membersOf,
  type NodeId,
  nodeId,
} from "../../raft/mod.ts";
import { configurationFault, MAX_MEMBERS } from "../../raft/configuration.ts";
import { quorumVote } from "../../raft/quorum.ts";
import { corpusFiles, readCorpus, skipWithoutCorpus } from "../corpus.ts";
import { type Directive, parseDatadriven } from "./datadriven.ts";

const types = { v: "add-voter", l: "add-learner", r: "remove" } as const;

function changeOf(directive: Directive): ConfigurationChange {
  const words = directive.input.flatMap((line) => line.split(/\s+/)).filter((word) => word !== "");
  const changes: MemberChange[] = words.flatMap((word) => {
    const id = Number(word.slice(1));
    const type = types[word[0] as keyof typeof types];
    return id === 0 || type === undefined ? [] : [{ type, node: nodeId(id) }];
  });
  switch (directive.command) {
    case "simple":
      return { type: "simple", changes };
    case "enter-joint":
      return { type: "enter-joint", changes, autoLeave: directive.argument("autoleave") === "true" };
    case "leave-joint":
      return { type: "leave-joint" };
  }
  return assert.fail(`unknown directive ${directive.command}`);
}

const files = corpusFiles("etcd-raft/confchange");
if (files.length === 0) {
  test("etcd-raft/confchange", { skip: skipWithoutCorpus || "no such files in the corpus" }, () => {});
}
for (const path of files) {
  test(path, () => {
    let configuration = configurationOf([]);
    let next = new Map<NodeId, number>();
    const directives = parseDatadriven(new TextDecoder().decode(readCorpus(path)));
    assert(directives.length > 0);
    // A member that joins is first tried at the log's end, which moves on with every directive.
    for (const [lastIndex, directive] of directives.entries()) {
      const where = `${path}:${directive.line}`;
      if (!directive.expected[0]!.startsWith("voters=")) {
        assert.throws(() => changeConfiguration(configuration, changeOf(directive)), ChangeRefusedError, where);
        continue;
      }
      const changed = changeConfiguration(configuration, changeOf(directive));
      configuration = changed.configuration;
      const fresh = (id: NodeId): boolean => changed.joined.includes(id) || !next.has(id);
      next = new Map(membersOf(configuration).map((id) => [id, fresh(id) ? Math.max(lastIndex, 1) : next.get(id)!]));
      const progress = [...next].map(([id, at]) =>
        `${id}: StateProbe match=0 next=${at}${configuration.learners.includes(id) ? " learner" : ""}`
      );
      assert.deepEqual([describeConfiguration(configuration), ...progress], directive.expected, where);
    }
  });
}

const ids = (...numbers: number[]): NodeId[] => numbers.map(nodeId);
const add = (id: number): MemberChange => ({ type: "add-voter", node: nodeId(id) });
const learn = (id: number): MemberChange => ({ type: "add-learner", node: nodeId(id) });
const remove = (id: number): MemberChange => ({ type: "remove", node: nodeId(id) });

test("a simple change of two voters is refused, as their majorities need not overlap (dissertation, section 4.1)", () => {
  const three = configurationOf(ids(1, 2, 3));
  assert.throws(() => changeConfiguration(three, { type: "simple", changes: [add(4), add(5)] }), ChangeRefusedError);
  assert.throws(() => changeConfiguration(three, { type: "simple", changes: [add(4), remove(1)] }), ChangeRefusedError);
  const changed = changeConfiguration(three, { type: "simple", changes: [add(4), learn(5), learn(6)] });
  assert.deepEqual(changed, { configuration: configurationOf(ids(1, 2, 3, 4), ids(5, 6)), joined: ids(4, 5, 6) });
});

test("a configuration without voters is refused", () => {
  const one = configurationOf(ids(1), ids(2));
  for (const change of [remove(1), learn(1)]) {
    assert.throws(() => changeConfiguration(one, { type: "simple", changes: [change] }), ChangeRefusedError);
    assert.throws(
      () => changeConfiguration(one, { type: "enter-joint", changes: [change], autoLeave: true }),
      ChangeRefusedError,
    );
  }
});

test("a node that one change removes and adds again starts without progress", () => {
  const three = configurationOf(ids(1, 2, 3));
  const changed = changeConfiguration(three, { type: "simple", changes: [remove(2), add(2)] });
  assert.deepEqual(changed, { configuration: three, joined: ids(2) });
});

test("along every chain of changes any two quorums of neighbours overlap, and no node is a voter and a learner", () => {
  const random = createRandom(9);
  let configuration: Configuration = configurationOf(ids(1, 2, 3));
  let joint = 0;
  for (let round = 0; round < 2000; round++) {
    const changes = Array.from(
      { length: random.below(4) },
      () => [add, learn, remove][random.below(3)]!(1 + random.below(6)),
    );
    const change: ConfigurationChange = random.chance(1, 3)
      ? { type: "simple", changes }
      : random.chance(1, 2)
      ? { type: "enter-joint", changes, autoLeave: random.chance(1, 2) }
      : { type: "leave-joint" };
    let next: Configuration;
    try {
      next = changeConfiguration(configuration, change).configuration;
    } catch (error) {
      assert(error instanceof ChangeRefusedError);
      continue;
    }
    // No two disjoint sets of nodes can each win a vote, one under each configuration.
    for (let set = 0; set < 64; set++) {
      const votes = (inSet: boolean): Map<NodeId, boolean> =>
        new Map([1, 2, 3, 4, 5, 6].map((id) => [nodeId(id), ((set >> (id - 1)) & 1) === (inSet ? 1 : 0)]));
      const both = quorumVote(configuration, votes(true)) === "won" && quorumVote(next, votes(false)) === "won";
      assert(!both, `${describeConfiguration(configuration)} and ${describeConfiguration(next)} can decide apart`);
    }
    assert.deepEqual(decodeConfiguration(encodeConfiguration(next)), next);
    if (isJoint(next)) joint++;
    configuration = next;
  }
  assert(joint > 100);
});

test("bytes that are no configuration are refused with the place of the fault", () => {
  const bytes = encodeConfiguration(configurationOf(ids(1, 2), ids(3)));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeConfiguration(bytes.subarray(0, length)), SyntaxError);
  }
  const swapped = encodeConfiguration({ ...configurationOf([]), voters: ids(2, 1) });
  assert.throws(() => decodeConfiguration(swapped), /voters must rise from 1 up, but 1 was found at offset 14/);
  const both = encodeConfiguration({ ...configurationOf(ids(1)), learners: ids(1) });
  assert.throws(() => decodeConfiguration(both), /node 1 is a voter and a learner/);
});

test("a configuration that contradicts itself is described by what is wrong with it, and not decoded", () => {
  const none = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const ids = (...numbers: number[]): NodeId[] => numbers.map(nodeId);
  const wrong: [Partial<Configuration>, RegExp][] = [
    [{ voters: ids(1, 2), learners: ids(2) }, /node 2 is a voter and a learner/],
    [{ voters: ids(1), votersOutgoing: ids(1, 2), learners: ids(2) }, /node 2 is a voter and a learner/],
    [{ voters: ids(1, 2), votersOutgoing: ids(1, 2), learnersNext: ids(2) }, /node 2 is to become a learner, but/],
    [{ voters: ids(1), votersOutgoing: ids(1), learnersNext: ids(3) }, /node 3 is to become a learner, but/],
    [{ votersOutgoing: ids(1) }, /a joint configuration has no incoming voters/],
    [{ voters: ids(1), autoLeave: true }, /a configuration that is not joint cannot be left/],
  ];
  for (const [lists, message] of wrong) {
    const configuration: Configuration = { ...none, ...lists };
    assert.match(configurationFault(configuration) ?? "nothing", message);
    assert.throws(() => decodeConfiguration(encodeConfiguration(configuration)), message);
  }
  assert.equal(configurationFault(none), null);
});

test("no change leads to more members than there may be", () => {
  const voters = Array.from({ length: MAX_MEMBERS }, (_, i) => nodeId(i + 1));
  const change = { type: "simple", changes: [{ type: "add-learner", node: nodeId(MAX_MEMBERS + 1) }] } as const;
  assert.throws(() => changeConfiguration(configurationOf(voters), change), {
    name: "ChangeRefusedError",
    message: `Cannot have ${MAX_MEMBERS + 1} members: at most ${MAX_MEMBERS} are allowed`,
  });
  assert.doesNotThrow(() => changeConfiguration(configurationOf(voters.slice(1)), change));
});
