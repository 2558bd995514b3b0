import { test } from "node:test";
import assert from "node:assert/strict";
import { Network } from "./network.ts";

test("a cluster elects one leader, which commits a noop and then commands on all nodes (section 5.2)", () => {
  const network = new Network();
  network.run(40);
  assert.equal(network.leaders().length, 1);
  const leader = network.leaders()[0]!;
  network.propose(leader.id, 7, 8);
  for (const id of [1, 2, 3]) assert.deepEqual(network.appliedBytes(id), [7, 8]);
});
