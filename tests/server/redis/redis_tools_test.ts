import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { mayUse, setting } from "../../corpus.ts";
import { skipWithoutSockets, withCluster } from "../node/live_cluster.ts";

/** Whether Redis's own tools (Debian: redis-tools) are at hand. */
function hasTools(): boolean {
  try {
    return spawnSync("redis-cli", ["--version"]).status === 0;
  } catch {
    return false;
  }
}

const skip = skipWithoutSockets || (mayUse("run") && hasTools() ? false : "needs redis-cli and redis-benchmark");

/** What a program prints. The nodes are in this process, which must go on meanwhile. */
function output(command: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (chunk) => text += chunk);
    child.stderr.on("data", (chunk) => text += chunk);
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

test("redis-cli is a client", { skip, timeout: 1e9 }, async () => {
  await withCluster(3, async (_clients, _servers, options) => {
    const [first, second] = options.map(({ client }) => String(client.port));
    const cli = (port: string, ...args: string[]): Promise<string> => output("redis-cli", "-p", port, ...args);
    assert.equal(await cli(first!, "SET", "k", "a b"), "OK\n");
    assert.equal(await cli(second!, "GET", "k"), "a b\n");
    assert.equal(await cli(second!, "INCRBY", "n", "41"), "41\n");
    assert.equal(await cli(first!, "MGET", "k", "none", "n"), "a b\n\n41\n");
    assert.match(await cli(first!, "-3", "PING"), /PONG/);
    assert.match(await cli(first!, "INFO", "raft"), /voters:1,2,3/);
    assert.match(await cli(first!, "NOPE"), /unknown command/);
  });
});

test("redis-benchmark is a client, with pipelines too", { skip, timeout: 1e9 }, async () => {
  await withCluster(3, async (clients, _servers, options) => {
    await clients[0]!.call("SET", "warm", "1");
    for (const more of [[], ["-P", "16"]]) {
      const port = String(options[1]!.client.port);
      const text = await output(
        "redis-benchmark",
        "-p",
        port,
        "-t",
        "set,get,incr,mset",
        "-n",
        "2000",
        "-c",
        "20",
        "--csv",
        ...more,
      );
      assert.match(text, /"SET"/);
      assert.match(text, /"GET"/);
      assert.match(text, /"INCR"/);
    }
    assert.equal(await clients[2]!.call("EXISTS", "key:__rand_int__"), 1);
  });
});

// A client library of npm's, where a folder with one installed is named: KAYA_IOREDIS=/path/to/node_modules/ioredis/built/index.js
const library = setting("KAYA_IOREDIS", "");

test("a client library of npm's is a client", {
  skip: skip || (library === "" ? "needs KAYA_IOREDIS" : false),
  timeout: 1e9,
}, async () => {
  interface IoRedis {
    set(...args: string[]): Promise<unknown>;
    get(key: string): Promise<unknown>;
    incr(key: string): Promise<unknown>;
    pipeline(commands: string[][]): { exec(): Promise<[unknown, unknown][]> };
    quit(): Promise<unknown>;
  }
  const Redis = createRequire(library)(library) as new (port: number, host: string) => IoRedis;
  await withCluster(3, async (_clients, _servers, options) => {
    const redis = new Redis(options[2]!.client.port, "127.0.0.1");
    assert.equal(await redis.set("k", "v"), "OK");
    assert.equal(await redis.set("k", "w", "NX"), null);
    assert.equal(await redis.get("k"), "v");
    const results = await redis.pipeline([["incr", "n"], ["incr", "n"], ["get", "n"]]).exec();
    assert.deepEqual(results.map(([, value]) => value), [1, 2, "2"]);
    await redis.quit();
  });
});
