// The members' file says by which journal each member is known. It must never be ahead of the log that says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { logIndex } from "../../../raft/mod.ts";
import type { Journal } from "../../../server/journal/journal.ts";
import { MEMBERS_FILE, readMembers } from "../../../server/node/node_files.ts";
import { NODE_DEFAULTS, type NodeOptions } from "../../../server/node/node_options.ts";
import { PeerBook } from "../../../server/node/peer_book.ts";
import { Warnings } from "../../../server/node/warnings.ts";
import type { DirectoryEntry } from "../../../server/replica/directory.ts";
import { memoryDisk } from "../journal/memory_disk.ts";
import { ManualClock } from "../manual_clock.ts";
import { SECRET } from "../peer/shake_hands.ts";

test("a member's removal is saved only once the log that says so is durable", () => {
  const disk = memoryDisk();
  const clock = new ManualClock();
  const at = (port: number): { host: string; port: number } => ({ host: "127.0.0.1", port });
  const journal = { birth: 11, lastIndex: logIndex(0), durableIndex: logIndex(0) };
  const member = (id: number, birth: number): [number, DirectoryEntry] => [
    id,
    { id, address: `127.0.0.1:${id}`, birth, wish: "voter", replaces: 0 } as DirectoryEntry,
  ];
  let entries = new Map([member(1, 11), member(2, 22), member(3, 33)]);
  const log = (): void => {};
  const options: NodeOptions = {
    ...NODE_DEFAULTS,
    ...{ id: 1, folder: "", secret: SECRET, listen: at(1), client: at(9), peers: new Map([[2, at(2)], [3, at(3)]]) },
  };
  const book = new PeerBook({
    ...{ options, clock, disk, log, known: new Map(), entries: () => entries },
    warnings: new Warnings(log, clock),
    journal: journal as unknown as Journal,
    status: () => assert.fail("nobody is dismissed"),
    onFrame: () => {},
    onLost: () => {},
    onExcluded: () => {},
  });
  const saved = (): Record<number, number> => {
    book.tick();
    disk.settle();
    return Object.fromEntries([...readMembers(disk.content(MEMBERS_FILE))].map(([id, { birth }]) => [id, birth]));
  };

  journal.lastIndex = logIndex(5);
  book.onDirectory();
  assert.deepEqual(saved(), {});
  journal.durableIndex = logIndex(5);
  assert.deepEqual(saved(), { 1: 11, 2: 22, 3: 33 });

  // Member 3 is removed by an entry that is applied before it is durable here.
  journal.lastIndex = logIndex(6);
  entries = new Map([member(1, 11), member(2, 22)]);
  book.onDirectory();
  assert.equal(saved()[3], 33);
  journal.durableIndex = logIndex(6);
  assert.notEqual(saved()[3], 33);
});
