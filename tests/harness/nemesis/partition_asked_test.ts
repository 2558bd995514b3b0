import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/mod.ts";
import { type NodeView, SEVERITY } from "../../../harness/nemesis/kind.ts";
import { packets } from "../../../harness/nemesis/packets.ts";
import { partition } from "../../../harness/nemesis/partition.ts";

const view = [1, 2, 3].map((id): NodeView => ({ id, state: "running", primaryIn: null, members: null, says: "" }));

test("cuts of clients and of services are drawn when they are asked for, in both directions or in one", () => {
  for (
    const [shape, isEnd] of [["clients", (end: number) => end === 0], ["services", (end: number) => end < 0]] as const
  ) {
    const ways = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { cut } = partition.draw(createRandom(seed), shape, view, { ...SEVERITY, services: 4 }) as {
        cut: readonly (readonly [number, number])[];
      };
      assert.ok(cut.length > 0);
      for (const [from, to] of cut) {
        assert.ok(isEnd(from) !== isEnd(to), `${from} to ${to}`);
        assert.ok(Math.max(from, to) >= 1);
      }
      ways.add(`${cut.some(([from]) => isEnd(from))} ${cut.some(([, to]) => isEnd(to))}`);
    }
    assert.equal(ways.size, 3);
  }
});

test("where there are no services, none are cut off; and clients that are to be spared are spared", () => {
  for (let seed = 0; seed < 200; seed++) {
    assert.equal(partition.draw(createRandom(seed), "services", view, SEVERITY), null);
    const spared = partition.draw(createRandom(seed), null, view, { ...SEVERITY, sparesClients: true }) as {
      cut: readonly (readonly [number, number])[];
    };
    assert.ok(spared.cut.flat().every((end) => end > 0));
    const late = packets.draw(createRandom(seed), null, view, { ...SEVERITY, sparesClients: true }) as {
      links: readonly (readonly [number, number])[];
    } | null;
    assert.ok((late?.links ?? []).flat().every((end) => end > 0));
  }
});
