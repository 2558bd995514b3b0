// A copy of a node's whole state, and the text that tells states apart.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createRandom, type Envelope, MemLog, type NodeId, nodeId, RaftNode } from "../../raft/mod.ts";
import { copyOf } from "./disk_log.ts";

interface Member {
  readonly node: RaftNode;
  readonly log: MemLog;
}

const ids = [1, 2, 3].map(nodeId);

/** A random walk of three nodes; stops at a random place, with the messages that are under way. */
function walk(seed: number): { members: Map<NodeId, Member>; queue: Envelope[] } {
  const random = createRandom(seed).split("walk");
  const members = new Map<NodeId, Member>();
  for (const id of ids) {
    const log = new MemLog();
    const peers = ids.filter((peer) => peer !== id);
    const settings = { checkQuorum: random.chance(1, 2), preVote: random.chance(1, 2), maxAppendBytes: 30, seed };
    members.set(id, { node: new RaftNode({ id, peers, ...settings }, log), log });
  }
  let queue: Envelope[] = [];
  for (let step = random.below(400); step > 0; step--) {
    const { node } = members.get(ids[random.below(3)]!)!;
    const choice = random.below(20);
    if (choice < 12 && queue.length > 0) {
      const [envelope] = queue.splice(random.below(queue.length), 1);
      queue.push(...(members.get(envelope!.to)?.node.handle(envelope!) ?? []));
    } else if (choice < 15) queue.push(...node.tick());
    else if (choice < 16) queue.push(...node.readIndex(step));
    else if (choice < 17) queue = queue.slice(0, 20);
    else if (node.role === "leader") {
      try {
        node.propose(new Uint8Array([step & 255]));
        if (choice === 19) node.proposeChange({ type: "simple", changes: [{ type: "add-learner", node: nodeId(4) }] });
        if (choice === 18) queue.push(...node.transferLeadership(ids[random.below(3)]!));
      } catch {
        // It is refused now.
      }
    }
    queue.push(...node.broadcast());
    node.drainApplied();
  }
  return { members, queue };
}

/** What a node says to what it is given. */
function answers(node: RaftNode, inputs: readonly Envelope[]): unknown[] {
  const out: unknown[] = [];
  for (const envelope of inputs) out.push(node.handle(envelope), node.broadcast(), node.drainApplied());
  out.push(node.campaign(), node.drainReads(), node.drainLost(), node.status());
  return out;
}

test("a copy goes on exactly as the original does, and neither changes the other", () => {
  let compared = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const { members, queue } = walk(seed);
    for (const { node, log } of members.values()) {
      const inputs = queue.filter(({ to }) => to === node.id);
      const copy = node.copy(copyOf(log));
      const again = node.copy(copyOf(log));
      assert.deepEqual([copy.status(), copy.state()], [node.status(), node.state()]);
      const before = node.state();
      const said = answers(copy, inputs);
      assert.equal(node.state(), before, "the original has not moved");
      assert.deepEqual(answers(node, inputs), said, `seed ${seed}`);
      assert.equal(again.state(), before, "nor has another copy");
      assert.equal(node.state(), copy.state());
      compared += inputs.length;
    }
  }
  assert(compared > 1000, `${compared}`);
});

test("nodes that differ in what they would do have different texts", () => {
  const texts = new Set<string>();
  const make = (): RaftNode => new RaftNode({ id: nodeId(1), peers: [2, 3].map(nodeId), preVote: false });
  const vote = (term: number, from: number): Envelope => ({
    type: "vote-request",
    from: nodeId(from),
    to: nodeId(1),
    term: term as never,
    afterSync: false,
    lastLogIndex: 0 as never,
    lastLogTerm: 0 as never,
    leadershipTransfer: false,
  });
  const answer = (granted: boolean): Envelope => ({ ...vote(1, 2), type: "vote-response", granted }) as never;
  const granted = answer(true);
  const moves: ((node: RaftNode) => unknown)[] = [
    () => {},
    (node) => node.handle(vote(1, 2)),
    (node) => node.handle(vote(1, 3)),
    (node) => node.handle(vote(2, 2)),
    (node) => node.campaign(),
    (node) => [node.campaign(), node.handle(answer(false))],
    (node) => [node.campaign(), node.handle(granted)],
    (node) => [node.campaign(), node.handle(granted), node.propose(new Uint8Array(1)), node.broadcast()],
    (node) => [node.campaign(), node.handle(granted), node.reportUnreachable(nodeId(2))],
    (node) => [node.campaign(), node.handle(granted), node.readIndex(1)],
  ];
  for (const move of moves) {
    const node = make();
    move(node);
    texts.add(node.state());
  }
  assert(texts.size >= moves.length - 1, `${texts.size} of ${moves.length}`);
  const late = make();
  for (let ticks = 0; ticks < 5; ticks++) late.tick();
  assert.equal(late.state(), make().state(), "the time is left out");
});
