import assert from "node:assert/strict";
import { test } from "node:test";
import { MILLISECOND } from "../../../server/clock.ts";
import type { LiveDisk } from "../../../server/node/disk.ts";
import { PatientDisk } from "../../../server/node/patient_disk.ts";
import { createRandom } from "../../../raft/mod.ts";
import { ManualClock } from "../manual_clock.ts";

/** A disk that fails as often as it is told to, and keeps what it was asked, in order. */
function failing(failures: (verb: string) => string | null): { disk: LiveDisk; did: string[] } {
  const did: string[] = [];
  const verb = (name: string) => (...args: unknown[]): void => {
    const done = args.at(-1) as (error: Error | null, ...rest: unknown[]) => void;
    const about = [name, ...args.slice(0, -1)].join(" ");
    queueMicrotask(() => {
      const code = failures(about);
      if (code === null) did.push(about);
      done(code === null ? null : Object.assign(new Error(`Cannot ${about}`), { code }), 7);
    });
  };
  const names = ["write", "sync", "read", "size", "list", "rename", "remove", "syncFolder"];
  const verbs = Object.fromEntries(names.map((name) => [name, verb(name)]));
  return {
    did,
    disk: {
      ...verbs,
      folder: "none",
      syncs: 0,
      writtenBytes: 0,
      close: (done: () => void) => done(),
    } as unknown as LiveDisk,
  };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("a full disk is a slow one: verbs are tried again, in the order of their file, until they succeed", async () => {
  const random = createRandom(3);
  const clock = new ManualClock();
  const codes = ["ENOSPC", "EMFILE", "EDQUOT", "ENFILE"];
  const { disk, did } = failing(() => random.below(2) === 0 ? codes[random.below(4)]! : null);
  const logged: string[] = [];
  const patient = new PatientDisk(disk, clock, (_level, event) => void logged.push(event));
  const ended: string[] = [];
  const expected: Record<string, string[]> = { a: [], b: [] };
  for (let i = 0; i < 40; i++) {
    const file = "ab"[random.below(2)]!;
    const about = random.below(2) === 0 ? `sync ${file}` : `write ${file} ${i} ${i}`;
    expected[file]!.push(about);
    const done = (error: Error | null): void => void ended.push(`${about} ${error}`);
    if (about.startsWith("sync")) patient.sync(file, done);
    else patient.write(file, i, Uint8Array.of(i), done);
  }
  while (ended.length < 40) {
    await settle();
    clock.advance(250 * MILLISECOND);
  }
  for (const file of ["a", "b"]) assert.deepEqual(did.filter((about) => about.split(" ")[1] === file), expected[file]);
  assert.ok(ended.every((text) => text.endsWith(" null")));
  assert.ok(logged.length > 0 && logged.length < 20 && logged.every((event) => event === "waits for the disk"));
  assert.equal(patient.isWaiting, false);
});

test("a disk that fails for good is not tried again, and one that closes gives up what waits", async () => {
  const clock = new ManualClock();
  const { disk } = failing((about) => about.includes("broken") ? "EIO" : about.includes("full") ? "ENOSPC" : null);
  const patient = new PatientDisk(disk, clock, () => {});
  const ended: string[] = [];
  const told = (what: string) => (error: Error | null): void => void ended.push(`${what}: ${error?.message ?? "ok"}`);
  patient.sync("broken", told("broken"));
  patient.rename("full", "other", told("full"));
  patient.size("other", (error) => told("size")(error));
  patient.sync("fine", told("fine"));
  await settle();
  assert.deepEqual(ended.sort(), ["broken: Cannot sync broken", "fine: ok"]);
  assert.equal(patient.isWaiting, true);
  await new Promise<void>((resolve) => patient.close(resolve));
  await settle();
  assert.deepEqual(ended.slice(2), ["full: Cannot rename full other", "size: ok"]);
});
