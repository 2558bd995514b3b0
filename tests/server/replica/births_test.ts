import assert from "node:assert/strict";
import { test } from "node:test";
import { Births } from "../../../server/replica/births.ts";
import type { DirectoryEntry } from "../../../server/replica/directory.ts";

function directory(births: Readonly<Record<number, number>>): Map<number, DirectoryEntry> {
  return new Map(
    Object.entries(births).map(([id, birth]) => [
      Number(id),
      { id: Number(id), address: "here:1", wish: "as-is", replaces: 0, birth },
    ]),
  );
}

test("a node that shows another birth than the one it is known by has lost its journal", () => {
  const births = new Births();
  births.follow(directory({ 1: 11, 2: 0 }));

  assert.ok(births.isLost(1, 12));
  assert.ok(!births.isLost(1, 11));
  assert.ok(!births.isLost(2, 12), "of node 2 no birth is known");
  assert.ok(!births.isLost(3, 12), "node 3 is not known at all");
});

test("births known before the directory can be read count until the directory says otherwise", () => {
  const births = new Births(new Map([[1, 11], [2, 22]]));
  assert.ok(births.isLost(1, 12));

  births.follow(directory({ 1: 13 }));

  assert.ok(births.isLost(1, 11));
  assert.ok(births.isLost(2, 12), "a directory that is still being filled does not forget node 2");
});

test("a node that was removed may come back with a new journal", () => {
  const births = new Births();
  births.follow(directory({ 1: 11, 2: 22 }));
  births.follow(directory({ 2: 22 }));

  assert.ok(!births.isLost(1, 12));
});
