import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeEntry } from "../../../server/replica/directory.ts";
import { skipWithoutSockets as skip, withCluster } from "./live_cluster.ts";

const FIELDS = [null, true, -1, 1.5, 2 ** 53, "", "text", "\ud800", [], {}, [null], [[null]], ["a"], [["a"]], [["r"]]];
const NAMES = [
  ...["put", "get", "delete", "cas", "add", "txn", "set-add", "set-if", "delete-many", "get-many", "put-many"],
  ...["take", "size", "scan", "all", "toString", "__proto__", "", "none"],
];

test("whatever a client writes as a KAYA command is answered, and the node goes on", { skip }, async () => {
  await withCluster(1, async ([client]) => {
    const ask = async (request: unknown): Promise<{ type: string; error?: string }> => {
      const text = typeof request === "string" ? request : JSON.stringify(request);
      const reply = JSON.parse(String(await client!.call("KAYA", text)));
      assert.match(reply.type, /^(ok|fail)$/, text);
      assert.ok(!/undefined|destructure|not a function/.test(reply.error ?? ""), `${text}: ${reply.error}`);
      return reply;
    };
    for (const request of ["[", "null", "5", "[]", "{}", '"text"']) assert.equal((await ask(request)).type, "fail");
    const operations = NAMES.flatMap((f) => FIELDS.map((value) => ({ f, key: "k", value })));
    await Promise.all(operations.map((operation) => ask({ operation })));
    await Promise.all(FIELDS.map((key) => ask({ operation: { f: "put", key, value: "v" } })));
    await Promise.all(FIELDS.map((session) => ask({ operation: { f: "put", key: "k", value: "v" }, session })));
    await Promise.all(FIELDS.map((operation) => ask({ operation })));
    await Promise.all(FIELDS.map((command) => ask({ command })));
    await Promise.all(FIELDS.map((change) => ask({ change })));
    await Promise.all(operations.map((one) => ask({ operation: { f: "all", value: [one, null] } })));
    await ask(`{"operation":{"f":"all","value":${'[{"f":"all","value":'.repeat(2000)}[]${"}]".repeat(2000)}}}`);
    await ask(`{"operation":{"f":"set-add","key":"s","value":${"[".repeat(5000)}${"]".repeat(5000)}}}`);
    assert.equal(await client!.call("SET", "k", "v"), "OK");
  });
});

test("a client cannot set a member's address by a command of the state machine", { skip }, async () => {
  await withCluster(1, async ([client], [server]) => {
    assert.equal(await client!.call("SET", "k", "v"), "OK");
    const before = [...server!.node.directory.entries.values()];
    const entry = encodeEntry({ id: 2, address: "127.0.0.1:9", wish: "voter", replaces: 0, birth: 0 });
    const request = { command: btoa(String.fromCharCode(...entry)) };
    assert.match(String(await client!.call("KAYA", JSON.stringify(request))), /"fail".*only members set/);
    assert.deepEqual([...server!.node.directory.entries.values()], before);
  });
});

test("a command, a transaction or an operation with too many keys is refused", { skip }, async () => {
  await withCluster(1, async ([client]) => {
    const keys = Array.from({ length: 65_537 }, (_, i) => `k${i}`);
    const said = /65537 keys at once, but at most 65536 are allowed/;
    const call = (args: readonly string[]): Promise<string> =>
      new Promise((resolve) => client!.client.call(args, (_error, value) => resolve(String(value))));
    for (const name of ["DEL", "MGET", "EXISTS"]) assert.match(await call([name, ...keys]), said, name);
    assert.match(await call(["MSET", ...keys.flatMap((key) => [key, "v"])]), said);
    const operation = { f: "get-many", value: keys };
    assert.match(String(await client!.call("KAYA", JSON.stringify({ operation }))), said);
    const half = keys.slice(0, 40_000);
    const replies = [["MULTI"], ["DEL", ...half], ["DEL", ...half], ["EXEC"]].map((args) => client!.call(...args));
    assert.match(String((await Promise.all(replies)).at(-1)), /80000 keys at once/);
    assert.equal(await client!.call("DEL", ...half), 0);
  });
});

test("SCAN gives long keys in several answers, and each of them once", { skip }, async () => {
  await withCluster(1, async ([client]) => {
    const keys = Array.from({ length: 50 }, (_, i) => `${String(i).padStart(3, "0")}${"x".repeat(60_000)}`);
    for (const key of keys) assert.equal(await client!.call("SET", key, "v"), "OK");
    for (const more of [[], ["MATCH", "*[02468]x*"], ["TYPE", "string"]]) {
      const found: string[] = [];
      let longest = 0;
      let cursor = "0";
      do {
        const [next, some] = await client!.call("SCAN", cursor, "COUNT", "1000", ...more) as [string, string[]];
        longest = Math.max(longest, some.join("").length);
        found.push(...some);
        cursor = next;
      } while (cursor !== "0");
      assert.deepEqual(found, more[0] === "MATCH" ? keys.filter((_, i) => i % 2 === 0) : keys);
      assert.ok(longest <= 1 << 20, `${longest}`);
    }
  });
});

test("the recorded answers of clients' sessions are limited, and a session can free them", { skip }, async () => {
  await withCluster(1, async ([client], [server]) => {
    const value = "x".repeat(1 << 20);
    assert.equal(await client!.call("SET", "k", value), "OK");
    const write = async (sequence: number, oldestOpen: number, operation: unknown): Promise<string> =>
      String(
        await client!.call(
          "KAYA",
          JSON.stringify({ operation, session: { client: "c", sequence, oldestOpen } }),
        ),
      ).slice(0, 150);
    // The answer is the former value.
    const exchange = { f: "set-if", key: "k", value: [value, 8, null] };
    let sequence = 0;
    let said = "";
    while (!said.includes("FULL") && sequence < 100) said = await write(++sequence, 1, exchange);
    assert.match(said, /FULL nothing was written: the recorded answers of sessions have \d+ bytes/);
    assert.ok(sequence > 60 && sequence < 70, `${sequence}`);
    assert.match(await write(sequence, sequence, exchange), /FULL/);
    // Clients of Redis's protocol go on.
    assert.equal(await client!.call("SET", "other", "v"), "OK");
    assert.match(await write(sequence, sequence, { f: "put", key: "k", value: "v" }), /"ok"/);
    assert.ok(server!.node.replica.machine.replyBytes < 10_000);
    assert.match(await write(sequence + 1, sequence + 1, exchange), /"ok"/);
  });
});
