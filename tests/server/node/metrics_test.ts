import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { test } from "node:test";
import { MILLISECOND, SECOND } from "../../../server/clock.ts";
import type { LiveDisk } from "../../../server/node/disk.ts";
import { Histogram } from "../../../server/node/histogram.ts";
import { SyncWatch } from "../../../server/node/sync_watch.ts";
import { ManualClock } from "../manual_clock.ts";
import { ports, skipWithoutSockets, withCluster } from "./live_cluster.ts";

const skip = skipWithoutSockets;

test("a node tells its metrics, that it lives, and whether clients may come", { skip }, async () => {
  const [port] = await ports(1);
  await withCluster(1, async ([a]) => {
    for (let i = 0; i < 5; i++) await a!.call("SET", `${i}`, "v");
    const get = async (path: string, method = "GET"): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return [response.status, await response.text()];
    };
    const [status, text] = await get("/metrics");
    assert.equal(status, 200);
    assert.match(text, /^kaya_keys 5$/m);
    assert.match(text, /^kaya_is_leader 1$/m);
    assert.match(text, /^kaya_elections_total [1-9]\d*$/m);
    for (const name of ["sync", "apply", "commit"]) {
      assert.ok(Number(new RegExp(`^kaya_${name}_seconds_count (\\d+)$`, "m").exec(text)?.[1]) >= 5, name);
    }
    // Each line is a comment, or a name with labels, and a number.
    for (const line of text.trimEnd().split("\n")) {
      assert.match(line, /^(?:# TYPE \w+ (?:gauge|counter|histogram)|\w+(?:\{\w+="[^"]*"\})? -?[\d.e+-]+)$/);
    }
    assert.deepEqual(await get("/health"), [200, "ok\n"]);
    assert.deepEqual(await get("/ready?x"), [200, "ok\n"]);
    assert.equal((await get("/other"))[0], 404);
    assert.equal((await get("/metrics", "POST"))[0], 405);
  }, { metrics: { host: "127.0.0.1", port: port! } });
});

test("connections that ask nothing keep nobody from the metrics", { skip }, async () => {
  const [port] = await ports(1);
  await withCluster(1, async () => {
    const silent = Array.from({ length: 60 }, () => createConnection(port!, "127.0.0.1").on("error", () => {}));
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    assert.deepEqual([response.status, await response.text()], [200, "ok\n"]);
    for (const socket of silent) socket.destroy();
  }, { metrics: { host: "127.0.0.1", port: port! } });
});

test("a node that is full lives, and is not ready", { skip }, async () => {
  const [port] = await ports(1);
  await withCluster(1, async ([a]) => {
    while (!String(await a!.call("INCR", "n")).includes("FULL")) await a!.call("SET", "k", "x".repeat(500));
    const at = `http://127.0.0.1:${port}`;
    const ready = await fetch(`${at}/ready`);
    assert.deepEqual([ready.status, /the quota is 400/.test(await ready.text())], [503, true]);
    const health = await fetch(`${at}/health`);
    assert.deepEqual([health.status, await health.text()], [200, "ok\n"]);
  }, { metrics: { host: "127.0.0.1", port: port! }, quota: { bytes: 400, keys: 100, diskReserve: 0 } });
});

test("durations are counted in every bucket that they fit", () => {
  const histogram = new Histogram();
  for (const seconds of [0, 0.002, 0.5, 100]) histogram.add(seconds);
  const lines = histogram.lines("x");
  assert.equal(lines.length, 13 + 3);
  assert.ok(lines.includes('x_bucket{le="0.00001"} 1') || lines.includes('x_bucket{le="1e-5"} 1'));
  assert.ok(lines.includes('x_bucket{le="0.003"} 2') && lines.includes('x_bucket{le="1"} 3'));
  assert.deepEqual(lines.slice(-3), ['x_bucket{le="+Inf"} 4', "x_sum 100.502", "x_count 4"]);
});

test("a sync that is slow is told once in a while, and one that does not end as well", () => {
  const [clock, logged] = [new ManualClock(), [] as string[]];
  const ended: (() => void)[] = [];
  const disk = { sync: (_file: string, done: (error: Error | null) => void) => ended.push(() => done(null)) };
  const watch = new SyncWatch(disk as unknown as LiveDisk, clock, (_level, event) => void logged.push(event));
  const sync = (): void => void disk.sync("journal", () => {});
  sync();
  clock.advance(100 * MILLISECOND);
  ended.pop()!();
  assert.deepEqual(logged, []);
  for (let i = 0; i < 3; i++) {
    sync();
    clock.advance(SECOND);
    ended.pop()!();
  }
  assert.deepEqual(logged, ["slow disk"]);
  sync();
  clock.advance(20 * SECOND);
  watch.look();
  watch.look();
  assert.deepEqual([logged, watch.isHanging], [["slow disk", "the disk does not answer"], true]);
  ended.pop()!();
  assert.equal(watch.isHanging, false);
});
