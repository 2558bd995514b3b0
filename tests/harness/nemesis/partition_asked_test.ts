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

test("without services none is cut off, and clients are spared if the target asks for it", () => {
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

test("packets of clients and of services suffer when they are asked for, and no others then", () => {
  for (
    const [shape, isEnd] of [["clients", (end: number) => end === 0], ["services", (end: number) => end < 0]] as const
  ) {
    const effects = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const fault = packets.draw(createRandom(seed), shape, view, { ...SEVERITY, services: 4, sparesClients: true });
      const { links } = fault as { links: readonly (readonly [number, number])[] };
      assert.ok(links.length > 0);
      for (const [from, to] of links) {
        assert.ok(isEnd(from) !== isEnd(to) && Math.max(from, to) >= 1, `${from} to ${to}`);
      }
      for (const effect of packets.name(fault as never).replace("packets:", "").split("+")) effects.add(effect);
    }
    // Who asks a service, or is a client that expects to be asked once, is not asked twice.
    assert.deepEqual([...effects].sort(), ["delay", "loss", shape].sort());
  }
  assert.equal(packets.draw(createRandom(1), "services", view, SEVERITY), null);
});
