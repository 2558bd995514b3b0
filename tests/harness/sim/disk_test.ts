import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskFaultError, SimDisk } from "../../../harness/sim/disk.ts";
import { EventQueue } from "../../../harness/sim/event_queue.ts";
import type { Disk, DiskDone } from "../../../server/journal/disk.ts";

const FILE = "log-0000000001";
const isFile = (name: string): boolean => name === FILE;
const ignored: DiskDone = () => {};

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** A disk with an empty file whose name is durable. */
function made(seed = 1): { queue: EventQueue; disk: SimDisk; settle: () => void } {
  const queue = new EventQueue();
  const disk = new SimDisk(queue, seed, 1);
  const settle = (): void => {
    while (queue.step());
  };
  const node = disk.open();
  node.write(FILE, 0, bytes(), ignored);
  settle();
  node.syncFolder(ignored);
  settle();
  return { queue, disk, settle };
}

/** Writes behind the file's end. */
function append(disk: SimDisk, node: Disk, ...values: number[]): void {
  node.write(FILE, disk.content(FILE)!.length, bytes(...values), ignored);
}

test("a crash loses unsynced data, and keeps synced data", () => {
  const { disk, settle } = made();
  const node = disk.open();
  append(disk, node, 1, 2);
  node.sync(FILE, ignored);
  settle();
  append(disk, node, 3);
  settle();
  assert.deepEqual([...disk.content(FILE)!], [1, 2, 3]);

  disk.crash();

  assert.deepEqual([...disk.content(FILE)!], [1, 2]);
});

test("a crash restores bytes that an unsynced write has overwritten", () => {
  const { disk, settle } = made();
  const node = disk.open();
  append(disk, node, 1, 2, 3);
  node.sync(FILE, ignored);
  settle();
  node.write(FILE, 1, bytes(9, 9, 9), ignored);
  settle();
  assert.deepEqual([...disk.content(FILE)!], [1, 9, 9, 9]);

  disk.crash();

  assert.deepEqual([...disk.content(FILE)!], [1, 2, 3]);
});

test("a sync makes durable what was written before it began, and no more", () => {
  const { disk, settle } = made();
  const node = disk.open();
  let synced = false;
  append(disk, node, 1);
  node.sync(FILE, () => synced = true);
  node.write(FILE, 1, bytes(2), ignored);
  settle();
  assert.ok(synced);

  disk.crash();

  assert.deepEqual([...disk.content(FILE)!], [1]);
});

test("a process that ends leaves what it wrote to be read, and a later loss of power takes it", () => {
  const { disk, settle } = made();
  append(disk, disk.open(), 1);
  settle();

  disk.crash(true);
  assert.deepEqual([...disk.content(FILE)!], [1]);
  disk.open();
  disk.crash();

  assert.deepEqual([...disk.content(FILE)!], []);
});

test("no verb calls back before it has returned, nor after its node has ended", () => {
  const { disk, settle } = made();
  const node = disk.open();
  const heard = new Set<string>();
  node.write(FILE, 0, bytes(1), () => heard.add("write"));
  node.read("nothing", 0, 1, (_error, content) => heard.add(`read ${content}`));
  assert.equal(heard.size, 0);
  settle();
  assert.deepEqual(heard, new Set(["write", "read null"]));
  node.sync(FILE, () => heard.add("sync"));

  disk.crash();
  settle();
  node.write(FILE, 0, bytes(9), () => heard.add("late write"));
  settle();

  assert.deepEqual(heard, new Set(["write", "read null"]));
  assert.deepEqual([...disk.content(FILE)!], []);
});

test("a name that was not synced is the old one or the new one after a crash, each by itself", () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const { disk, settle } = made(seed);
    const node = disk.open();
    for (const name of ["a", "b"]) {
      node.write(`${name}.new`, 0, bytes(1), ignored);
      node.sync(`${name}.new`, ignored);
      node.rename(`${name}.new`, name, ignored);
    }
    settle();

    disk.crash();

    found.add(["a", "b"].filter((name) => disk.content(name) !== null).join(" "));
  }
  assert.deepEqual([...found].sort(), ["", "a", "a b", "b"]);
});

test("a name that was synced stays", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { disk, settle } = made(seed);
    const node = disk.open();
    node.write("a.new", 0, bytes(1), ignored);
    node.sync("a.new", ignored);
    node.rename("a.new", "a", ignored);
    settle();
    node.syncFolder(ignored);
    settle();

    disk.crash();

    assert.deepEqual(disk.content("a"), bytes(1));
    assert.equal(disk.content("a.new"), null);
  }
});

test("a fault that waits for a write strikes once, in the middle of the next write", () => {
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
  append(disk, node, 1);
  disk.slowness = 10;
  node.sync(FILE, () => synced = true);
  node.write(FILE, 1, bytes(2), ignored);

  settle();

  assert.equal(strikes, 1);
  assert.ok(synced);
});

test("a torn write leaves the synced part as it was, and at least one byte of the rest", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { disk, settle } = made(seed);
    const node = disk.open();
    append(disk, node, 1, 2, 3);
    node.sync(FILE, ignored);
    settle();
    append(disk, node, 4, 5, 6, 7);
    settle();

    const { stayed, of } = disk.tear(isFile);

    const content = [...disk.content(FILE)!];
    assert.equal(of, 4);
    assert.ok(stayed >= 1 && stayed <= 4);
    assert.equal(content.length, 3 + stayed);
    assert.deepEqual(content.slice(0, 2 + stayed), [1, 2, 3, 4, 5, 6, 7].slice(0, 2 + stayed));
  }
});

test("a write of which some sectors stay has the others as they were before", () => {
  const sector = 512;
  const seen = new Set<string>();
  for (let seed = 0; seed < 80; seed++) {
    const { disk, settle } = made(seed);
    const node = disk.open();
    node.write(FILE, 0, new Uint8Array(sector).fill(1), ignored);
    node.sync(FILE, ignored);
    settle();
    node.write(FILE, 0, new Uint8Array(3 * sector).fill(2), ignored);
    settle();

    disk.tear(isFile, "sectors");

    const content = disk.content(FILE)!;
    const [first, second = 0, third = 0] = [0, 1, 2].map((i) => content[i * sector]);
    seen.add(`${first} ${second} ${third}`);
    assert.ok(content.every((byte, i) => byte === content[i - i % sector]), "a sector is written whole");
    assert.ok(content.length >= sector);
  }
  assert.deepEqual([...seen].sort(), ["1 0 0", "1 0 2", "1 2 0", "1 2 2", "2 0 0", "2 0 2", "2 2 0", "2 2 2"]);
});

test("a full disk refuses writes, and takes them again when there is space", () => {
  const { disk, settle } = made();
  const node = disk.open();
  const heard: (Error | null)[] = [];
  disk.isFull = true;
  node.write(FILE, 0, bytes(1), (error) => heard.push(error));
  node.write("other", 0, bytes(1), (error) => heard.push(error));
  settle();
  assert.equal(heard.filter((error) => error instanceof DiskFaultError).length, 2);
  disk.isFull = false;
  node.write(FILE, 0, bytes(1), (error) => heard.push(error));
  settle();

  assert.equal(heard[2], null);
  assert.deepEqual([...disk.content(FILE)!], [1]);
});

test("a paused node hears of its disk when it goes on", () => {
  const { disk, settle } = made();
  const node = disk.open();
  let heard = 0;
  disk.held = [];
  node.write(FILE, 0, bytes(1), () => heard++);
  settle();
  assert.equal(heard, 0);
  const held = disk.held;
  disk.held = null;

  for (const call of held) call();

  assert.equal(heard, 1);
});
