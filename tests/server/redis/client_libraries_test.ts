// Client libraries with their default settings, and the example on their first page. Each is named by a variable:
// KAYA_IOREDIS and KAYA_NODE_REDIS by the entry file below node_modules, KAYA_PYTHON by a python that has redis and valkey installed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { mayUse, setting } from "../../corpus.ts";
import { skipWithoutSockets, withCluster } from "../node/live_cluster.ts";

const nodeRedis = setting("KAYA_NODE_REDIS", "");
const ioredis = setting("KAYA_IOREDIS", "");
const python = setting("KAYA_PYTHON", "");

/** Why a test is skipped. */
function without(path: string, variable: string): string | false {
  return skipWithoutSockets || (path === "" ? `needs ${variable}` : false);
}

interface NodeRedis {
  on(event: string, listener: (error: Error) => void): void;
  connect(): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  multi(): { set(key: string, value: string): { incr(key: string): { exec(): Promise<unknown> } } };
  mGet(keys: string[]): Promise<unknown>;
  scanIterator(options: { MATCH: string }): AsyncIterable<string | string[]>;
  destroy(): void;
}

test("node-redis connects, pipelines and runs its first example, in both protocols", {
  skip: without(nodeRedis, "KAYA_NODE_REDIS"),
  timeout: 1e9,
}, async () => {
  const { createClient } = createRequire(nodeRedis)(nodeRedis) as { createClient: (options: unknown) => NodeRedis };
  await withCluster(3, async (_clients, _servers, options) => {
    const { host, port } = options[1]!.client;
    for (const more of [{}, { RESP: 2 }, { RESP: 3 }]) {
      const client = createClient({ socket: { host, port }, ...more });
      client.on("error", (error) => assert.fail(error));
      await client.connect();
      await client.set("key", "value");
      assert.equal(await client.get("key"), "value");
      assert.deepEqual(await client.multi().set("n", "1").incr("n").exec(), ["OK", 2]);
      assert.deepEqual(await Promise.all([client.set("p", "1"), client.mGet(["p", "none"])]), ["OK", ["1", null]]);
      const keys: string[] = [];
      for await (const found of client.scanIterator({ MATCH: "ke*" })) keys.push(...[found].flat());
      assert.deepEqual(keys, ["key"]);
      client.destroy();
    }
  });
});

interface IoRedis {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  keys(pattern: string): Promise<unknown>;
  pipeline(): IoRedisPipeline;
  multi(): IoRedisPipeline;
  disconnect(): void;
}

interface IoRedisPipeline {
  set(key: string, value: string): IoRedisPipeline;
  get(key: string): IoRedisPipeline;
  exec(): Promise<unknown>;
}

test("ioredis connects, pipelines and runs its first example", {
  skip: without(ioredis, "KAYA_IOREDIS"),
  timeout: 1e9,
}, async () => {
  const Redis = createRequire(ioredis)(ioredis) as new (port: number) => IoRedis;
  await withCluster(3, async (_clients, _servers, options) => {
    const redis = new Redis(options[2]!.client.port);
    await redis.set("mykey", "value");
    assert.equal(await redis.get("mykey"), "value");
    assert.deepEqual(await redis.pipeline().set("foo", "bar").get("foo").exec(), [[null, "OK"], [null, "bar"]]);
    assert.deepEqual(await redis.multi().set("foo", "1").get("foo").exec(), [[null, "OK"], [null, "1"]]);
    assert.deepEqual(await redis.keys("my*"), ["mykey"]);
    redis.disconnect();
  });
});

const PROGRAM = `
import importlib, sys
for name, client in (("redis", "Redis"), ("valkey", "Valkey")):
    module = importlib.import_module(name)
    for more in ({}, {"protocol": 2}, {"protocol": 3}):
        r = getattr(module, client)(host="127.0.0.1", port=int(sys.argv[1]), decode_responses=True, **more)
        assert r.set("foo", "bar") is True and r.get("foo") == "bar"
        p = r.pipeline()
        assert p.set("a", 1).incr("a").get("a").execute() == [True, 2, "2"]
        p = r.pipeline(transaction=False)
        assert p.set("a", 1).get("a").execute() == [True, "1"]
        assert r.mset({"x": "1", "y": "2"}) and r.mget("x", "none") == ["1", None] and r.delete("x", "y") == 2
        assert list(r.scan_iter("f*")) == ["foo"] and r.type("foo") == "string" and r.strlen("foo") == 3
        assert "redis_version" in r.info() and r.getdel("foo") == "bar" and r.ping()
        print(name, "ok")
`;

test("redis-py and valkey-py connect, pipeline and run their first example, in both protocols", {
  skip: without(python, "KAYA_PYTHON") || (mayUse("run") ? false : "needs processes"),
  timeout: 1e9,
}, async () => {
  await withCluster(3, async (_clients, _servers, options) => {
    const text = await new Promise<string>((resolve, reject) => {
      const child = spawn(python, ["-c", PROGRAM, String(options[0]!.client.port)], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      child.stdout.on("data", (chunk) => said += chunk);
      child.stderr.on("data", (chunk) => said += chunk);
      child.on("error", reject);
      child.on("close", () => resolve(said));
    });
    assert.equal(text, "redis ok\n".repeat(3) + "valkey ok\n".repeat(3));
  });
});
