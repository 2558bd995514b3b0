import assert from "node:assert/strict";
import { test } from "node:test";
import { floodWrite } from "../../../../harness/targets/ours/flooding.ts";
import { createReference } from "../../../../harness/targets/ours/store_reference.ts";
import { createRandom, type Random } from "../../../../raft/mod.ts";
import { createKvStore, encodeOperation, type Operation } from "../../../../server/mod.ts";
import { tries } from "../../../corpus.ts";

const KEYS = ["", "a", "b", "\xff\x00", "counter", "list", "set"];
const VALUES = ["0", "1", "-7", "01", "9223372036854775807", "x", ""];

function one<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

function operation(random: Random): Operation {
  const key = one(random, KEYS), other = one(random, KEYS);
  const value = one(random, VALUES);
  switch (random.below(14)) {
    case 0:
      return { f: one(random, ["get", "delete", "take"]), key };
    case 1:
      return { f: "put", key, value };
    case 2:
      return { f: "cas", key, value: [one(random, [null, value, 1, ["1"]]), one(random, [null, value, 5, [1, "2"]])] };
    case 3:
      return { f: "add", key, value: one(random, [1, -3, "12", "x"]) };
    case 4:
      return { f: "set-add", key, value: random.below(5) };
    case 5:
      return { f: "set-if", key, value: [value, random.below(16), one(random, [null, value, 1])] };
    case 6:
      return { f: one(random, ["delete-many", "get-many"]), value: [key, other, key] };
    case 7:
      return { f: "put-many", value: [[key, value], [other, one(random, VALUES)]] };
    case 8:
      return { f: "size" };
    case 9:
      return {
        f: "scan",
        value: [one(random, [null, key]), 1 + random.below(8), one(random, ["*", "?", "*t", "l*", "a"])],
      };
    case 10: {
      const parts = Array.from({ length: random.below(4) }, () => operation(random));
      return { f: "all", value: parts.filter(({ f }) => f !== "all") };
    }
    default: {
      const step = (): unknown => {
        const what = one(random, ["r", "append", "w"]);
        return [what, one(random, KEYS), what === "r" ? null : one(random, [1, "x", [1], null])];
      };
      return { f: "txn", value: Array.from({ length: 1 + random.below(4) }, step) };
    }
  }
}

test("the naive store answers every command as the real one does, whatever came before", () => {
  for (let seed = 1; seed <= tries("KAYA_STORE_SEEDS", 200); seed++) {
    const random = createRandom(seed);
    const store = createKvStore(), reference = createReference();
    for (let index = 1; index <= 200; index++) {
      const asked = operation(random);
      const command = encodeOperation(asked);

      assert.deepEqual(reference(command), store.apply(command, index), `seed ${seed}, ${JSON.stringify(asked)}`);
    }
  }
});

test("the naive store answers a flood as the real one does", () => {
  const store = createKvStore(), reference = createReference();
  for (let number = 0; number < 600; number++) {
    const command = floodWrite(16, number);

    assert.deepEqual(reference(command), store.apply(command, number + 1), `request ${number}`);
  }
});
