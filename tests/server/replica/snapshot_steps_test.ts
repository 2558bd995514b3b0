import assert from "node:assert/strict";
import { test } from "node:test";
import { SnapshotSteps } from "../../../server/replica/snapshot_steps.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";

test("a snapshot holds the state as of its index, though commands are applied before its next step", () => {
  const machine = createKvStore(1);
  const put = (key: string, value: string): void => void machine.apply(encodeOperation({ f: "put", key, value }), 1);
  const taken: { index: number; data: Uint8Array }[] = [];
  const take = (index: number, data: Uint8Array): void => void taken.push({ index, data });
  const steps = new SnapshotSteps({ machine, dueBytes: Infinity, lastBytes: 0, take });
  for (const key of ["a", "b", "c"]) put(key, "before");

  steps.begin(3);
  put("a", "after");
  put("d", "after");
  while (taken.length === 0) steps.step();

  const restored = createKvStore();
  restored.restore(taken[0]!.data);
  assert.equal(taken[0]!.index, 3);
  assert.deepEqual([...restored.keys()].map((key) => [key, restored.get(key)]), [
    ["a", "before"],
    ["b", "before"],
    ["c", "before"],
  ]);
});
