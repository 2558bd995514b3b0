import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND } from "../../../server/clock.ts";
import { descriptorsOf, fitLimits } from "../../../server/node/descriptors.ts";
import { defaultQuota, Quota, type QuotaLimits } from "../../../server/node/quota.ts";
import { CLIENT_LIMITS } from "../../../server/redis/client_limits.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import type { Operation } from "../../../server/store/operation.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { ManualClock } from "../manual_clock.ts";
import { skipWithoutSockets, withCluster } from "./live_cluster.ts";

const skip = skipWithoutSockets;

interface Watched {
  readonly quota: Quota;
  readonly clock: ManualClock;
  readonly logged: string[];
  readonly told: boolean[];
  apply(operation: Operation): void;
  /** Lets the quota look. */
  look(): Promise<void>;
}

function watch(limits: Partial<QuotaLimits>): Watched {
  const [store, clock] = [createKvStore(), new ManualClock()];
  const [logged, told]: [string[], boolean[]] = [[], []];
  const quota = new Quota({
    ...{ limits: { bytes: 1e9, keys: 1e6, diskReserve: 0, ...limits }, store, folder: ".", clock },
    log: (level, event) => void logged.push(`${level} ${event}`),
    tell: (isFull) => void told.push(isFull),
  });
  let begun = false;
  const look = async (): Promise<void> => {
    if (begun) clock.advance(SECOND);
    else quota.start(() => {});
    begun = true;
    await clock.waiting(1);
  };
  return { quota, clock, logged, told, look, apply: (operation) => void store.apply(encodeOperation(operation), 1) };
}

test(
  "a store warns when it comes near its quota, refuses at it, and takes more once keys are gone",
  { skip },
  async () => {
    const { quota, logged, told, apply, look } = watch({ bytes: 10_000 });
    await look();
    for (let i = 0; i < 8; i++) apply({ f: "put", key: `${i}`, value: "x".repeat(900) });
    await look();
    await look();
    assert.deepEqual([quota.reason, logged, told], [null, ["warn near the quota"], []]);
    apply({ f: "put", key: "9", value: "x".repeat(2000) });
    assert.match(
      quota.reason!,
      /^the store has \d+ bytes, and the quota is 10000 \(--quota-bytes\): delete keys, or raise it$/,
    );
    await look();
    assert.deepEqual([logged.at(-1), told], ["error full", [true]]);
    apply({ f: "delete", key: "9" });
    assert.equal(quota.reason, null);
    await look();
    assert.deepEqual([logged.at(-1), told.at(-1)], ["info room again", false]);
    quota.stop();
  },
);

test("keys are counted, and the free space of the disk", { skip }, async () => {
  const keys = watch({ keys: 2 });
  keys.apply({ f: "put-many", value: [["a", "1"], ["b", "2"]] });
  assert.match(keys.quota.reason!, /^the store has 2 keys, and the quota is 2 \(--quota-keys\)/);
  const disk = watch({ diskReserve: Number.MAX_SAFE_INTEGER });
  await disk.look();
  if (disk.quota.freeDisk !== null) {
    assert.match(disk.quota.reason!, /bytes free, and 9007199254740991 are kept \(--disk-reserve\)/);
  }
  disk.quota.stop();
});

test("a member that is full is full for all, until it says otherwise or says nothing any more", { skip }, () => {
  const { quota, clock } = watch({});
  quota.hear(3, true);
  assert.match(quota.reason!, /^node 3 is full/);
  assert.equal(quota.ownReason, null);
  quota.hear(3, false);
  assert.equal(quota.reason, null);
  quota.hear(2, true);
  clock.advance(5 * SECOND);
  assert.equal(quota.reason, null);
});

test("the quota follows from the heap", () => {
  const { bytes, keys } = defaultQuota();
  assert.ok(bytes > 1 << 24 && bytes <= 1 << 30 && keys < 2 ** 24);
});

test("clients get no more descriptors than are left by files and members", () => {
  const all = 96 + descriptorsOf(CLIENT_LIMITS);
  assert.equal(fitLimits(CLIENT_LIMITS, (upTo) => upTo), CLIENT_LIMITS);
  for (const found of [all - 1, 1024, 256, 128]) {
    const fitted = fitLimits(CLIENT_LIMITS, () => found);
    assert.ok(96 + descriptorsOf(fitted) <= found && fitted.maxConnections >= 4 && fitted.operatorConnections > 0);
  }
  assert.throws(() => fitLimits(CLIENT_LIMITS, () => 100), /Cannot serve with 100 open files: raise the limit/);
});

test("at the quota of one node every node refuses writes, and reads, deletes and members go on", { skip }, async () => {
  const quota = { ...defaultQuota(), diskReserve: 0 };
  await withCluster(3, async ([a, b, c], servers) => {
    const value = "x".repeat(1000);
    for (let i = 0; i < 9; i++) await a!.call("SET", `${i}`, value);
    const isFull = async (client: typeof a): Promise<boolean> =>
      /^Error: FULL /.test(String(await client!.call("SET", "9", value)));
    for (const client of [a, b, c]) while (!await isFull(client)) await client!.call("PING");
    assert.equal(servers.filter(({ node }) => node.quota.ownReason !== null).length, 1);
    for (
      const refused of [["MSET", "x", "1"], ["INCR", "n"], ["SETNX", "n", "1"], [
        "KAYA",
        '{"operation":{"f":"add","key":"n","value":1}}',
      ]]
    ) {
      assert.match(String(await c!.call(...refused)), /FULL nothing was written: (?:node 2 is full|the store has)/);
    }
    assert.equal(await c!.call("GET", "1"), value);
    assert.equal(await a!.call("RAFT", "ADD", "9", "127.0.0.1:1"), "OK");
    assert.equal(await a!.call("RAFT", "REMOVE", "9"), "OK");
    assert.equal(await c!.call("DEL", "0", "1", "2", "3"), 4);
    assert.equal(await b!.call("GETDEL", "4"), value);
    for (const client of [a, b, c]) while (await isFull(client)) await client!.call("PING");
  }, (id) => ({ quota: id === 2 ? { ...quota, bytes: 9000 } : quota }));
});
