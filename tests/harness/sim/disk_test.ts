import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskFullError, SimDisk } from "../../../harness/sim/disk.ts";
import { EventQueue } from "../../../harness/sim/event_queue.ts";

const FILE = "journal";

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function made(seed = 1): { queue: EventQueue; disk: SimDisk; settle: () => void } {
  const queue = new EventQueue();
  return {
    queue,
    disk: new SimDisk(queue, seed, 1),
    settle: () => {
      while (queue.step());
    },
  };
}

test("a crash takes what was not synced, and leaves what was", () => {
  const { disk, settle } = made();
  const node = disk.open();
  node.append(FILE, bytes(1, 2), () => {});
  node.sync(FILE, () => {});
  settle();
  node.append(FILE, bytes(3), () => {});
  settle();
  assert.deepEqual([...disk.content(FILE)!], [1, 2, 3]);

  disk.crash();

  assert.deepEqual([...disk.content(FILE)!], [1, 2]);
});

test("a sync makes durable what was appended before it began, and no more", () => {
  const { disk, settle } = made();
  const node = disk.open();
  let synced = false;
  node.append(FILE, bytes(1), () => {});
  node.sync(FILE, () => synced = true);
  node.append(FILE, bytes(2), () => {});
  settle();
  assert.ok(synced);

  disk.crash();

  assert.deepEqual([...disk.content(FILE)!], [1]);
});

test("no verb calls back before it has returned, nor after its node has ended", () => {
  const { disk, settle } = made();
  const node = disk.open();
  const heard = new Set<string>();
  node.append(FILE, bytes(1), () => heard.add("append"));
  node.read("nothing", (_error, content) => heard.add(`read ${content}`));
  assert.equal(heard.size, 0);
  settle();
  assert.deepEqual(heard, new Set(["append", "read null"]));
  node.sync(FILE, () => heard.add("sync"));

  disk.crash();
  settle();
  node.append(FILE, bytes(9), () => heard.add("late append"));
  settle();

  assert.deepEqual(heard, new Set(["append", "read null"]));
  assert.deepEqual([...disk.content(FILE)!], []);
});

test("a file that is being replaced when its node ends is the old one or the new one", () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const { disk, settle } = made(seed);
    disk.open().replace(FILE, bytes(1, 1, 1), () => {});
    settle();
    disk.open().replace(FILE, bytes(2), () => {});

    disk.crash();
    settle();

    found.add(String(disk.content(FILE)));
  }
  assert.deepEqual([...found].sort(), ["1,1,1", "2"]);
});

test("who waits for a write strikes in the middle of the next one, once", () => {
  const { disk, settle } = made();
  const node = disk.open();
  let strikes = 0;
  let synced = false;
  disk.armed = () => {
    strikes++;
    assert.ok(disk.isWriting);
  };
  settle();
  assert.equal(strikes, 0);
  node.append(FILE, bytes(1), () => {});
  disk.slowness = 10;
  node.sync(FILE, () => synced = true);
  node.append(FILE, bytes(2), () => {});

  settle();

  assert.equal(strikes, 1);
  assert.ok(synced);
});

test("a torn write leaves the synced part as it was, and at least one byte of the rest", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { disk, settle } = made(seed);
    const node = disk.open();
    node.append(FILE, bytes(1, 2, 3), () => {});
    node.sync(FILE, () => {});
    settle();
    node.append(FILE, bytes(4, 5, 6, 7), () => {});
    settle();

    const { stayed, of } = disk.tear(FILE);

    const content = [...disk.content(FILE)!];
    assert.equal(of, 4);
    assert.ok(stayed >= 1 && stayed <= 4);
    assert.equal(content.length, 3 + stayed);
    assert.deepEqual(content.slice(0, 2 + stayed), [1, 2, 3, 4, 5, 6, 7].slice(0, 2 + stayed));
  }
});

test("a bit flips ahead of the last append, and only one", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { disk, settle } = made(seed);
    const node = disk.open();
    node.append(FILE, bytes(0, 0, 0, 0), () => {});
    node.append(FILE, bytes(0, 0), () => {});
    node.sync(FILE, () => {});
    settle();
    disk.crash();

    const position = disk.flip(FILE);

    const content = disk.content(FILE)!;
    assert.ok(position !== null && position < 4);
    assert.equal([...content].filter((byte) => byte !== 0).length, 1);
    assert.equal(Math.log2(content[position]!) % 1, 0);
  }
});

test("a single append has nothing ahead of it to flip", () => {
  const { disk, settle } = made();
  disk.open().append(FILE, bytes(1, 2, 3), () => {});
  settle();

  assert.equal(disk.flip(FILE), null);
});

test("a full disk refuses appends and replacements, and takes them again when there is space", () => {
  const { disk, settle } = made();
  const node = disk.open();
  const heard: (Error | null)[] = [];
  disk.isFull = true;
  node.append(FILE, bytes(1), (error) => heard.push(error));
  node.replace("snapshot", bytes(1), (error) => heard.push(error));
  settle();
  assert.equal(heard.filter((error) => error instanceof DiskFullError).length, 2);
  disk.isFull = false;
  node.append(FILE, bytes(1), (error) => heard.push(error));
  settle();

  assert.equal(heard[2], null);
  assert.deepEqual([...disk.content(FILE)!], [1]);
});

test("a paused node hears of its disk when it goes on", () => {
  const { disk, settle } = made();
  const node = disk.open();
  let heard = 0;
  disk.held = [];
  node.append(FILE, bytes(1), () => heard++);
  settle();
  assert.equal(heard, 0);
  const held = disk.held;
  disk.held = null;

  for (const call of held) call();

  assert.equal(heard, 1);
});
