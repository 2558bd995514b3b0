import assert from "node:assert/strict";
import { connect as connectSocket, createServer } from "node:net";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { describeJournal } from "../../../server/journal/journal_text.ts";
import { describeCommand } from "../../../server/store/command_text.ts";
import { NODE_DEFAULTS } from "../../../server/node/node_options.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import { findMembers, memberStatus } from "../../../server/node/join.ts";
import { createRandom } from "../../../raft/mod.ts";
import { askOnce } from "../../../server/redis/resp_client.ts";
import { CLIENT, DOOR, NODE_1, NODE_2, NODE_3 } from "../peer/tls_identity.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets, start, stop, withCluster } from "./live_cluster.ts";

const skip = skipWithoutSockets;

test("any node takes Redis's commands, and every other node shows their effect", { skip }, async () => {
  await withCluster(3, async ([a, b, c]) => {
    assert.equal(await a!.call("SET", "k", "1"), "OK");
    assert.equal(await b!.call("GET", "k"), "1");
    assert.equal(await b!.call("SET", "k", "2", "NX"), null);
    assert.equal(await c!.call("SET", "k", "2", "XX", "GET"), "1");
    assert.equal(await a!.call("SET", "k", "3", "IFEQ", "1"), null);
    assert.equal(await a!.call("SET", "k", "3", "IFEQ", "2"), "OK");
    assert.equal(await b!.call("INCRBY", "n", "5"), 5);
    assert.equal(await c!.call("DECR", "n"), 4);
    assert.match(
      String(await c!.call("INCR", "word").then(() => c!.call("SET", "word", "x")).then(() => c!.call("INCR", "word"))),
      /not an integer/,
    );
    assert.deepEqual(await a!.call("MGET", "k", "none", "n"), ["3", null, "4"]);
    assert.equal(await b!.call("EXISTS", "k", "k", "none"), 2);
    assert.equal(await c!.call("DEL", "k", "k", "none"), 1);
    assert.equal(await a!.call("GET", "k"), null);
    assert.match(String(await a!.call("FLY")), /unknown command/);
    assert.match(String(await a!.call("HELLO", "4")), /NOPROTO/);
  });
});

test("data can be exported in order, and several commands are one", { skip }, async () => {
  await withCluster(3, async ([a, b, c]) => {
    const pairs = Array.from({ length: 250 }, (_, i) => [`key:${String(i).padStart(3, "0")}`, `${i}`]);
    assert.equal(
      await a!.call("MSET", ...pairs.flat().reverse().flatMap((_, i, all) => i % 2 ? [all[i]!, all[i - 1]!] : [])),
      "OK",
    );
    assert.equal(await b!.call("DBSIZE"), 250);
    assert.deepEqual(
      await c!.call("KEYS", "key:?0[0-4]"),
      pairs.filter(([key]) => /:.0[0-4]$/.test(key!)).map(([key]) => key),
    );
    const scanned: string[] = [];
    let cursor = "0";
    do {
      const [next, keys] = await b!.call("SCAN", cursor, "COUNT", "30", "MATCH", "*[02468]") as [string, string[]];
      scanned.push(...keys);
      cursor = next;
    } while (cursor !== "0");
    assert.deepEqual(scanned, pairs.filter((_, i) => i % 2 === 0).map(([key]) => key));
    assert.match(String(await a!.call("SCAN", "12345")), /ERR invalid cursor/);
    assert.equal(await a!.call("SETNX", "key:000", "x"), 0);
    assert.equal(await a!.call("SETNX", "new", "four"), 1);
    assert.equal(await b!.call("STRLEN", "new"), 4);
    assert.equal(await b!.call("STRLEN", "none"), 0);
    assert.equal(await b!.call("TYPE", "new"), "string");
    assert.equal(await b!.call("TYPE", "none"), "none");
    assert.equal(await c!.call("GETDEL", "new"), "four");
    assert.equal(await c!.call("GETDEL", "new"), null);
    const replies = ["MULTI", "SET x 1", "INCR x", "SET w word", "INCR w", "GET x", "DEL x w none", "EXEC"]
      .map((line) => a!.call(...line.split(" ")));
    const [begun, , , , , , , done] = await Promise.all(replies);
    assert.equal(begun, "OK");
    const values = done as readonly unknown[];
    assert.deepEqual([...values.slice(0, 3), ...values.slice(4)], ["OK", 2, "OK", "2", 2]);
    assert.match(String(values[3]), /ERR value is not an integer/);
    const mixed = ["MULTI", "PING", "SET x 1", "ECHO hi", "GET x", "DEL x", "PING last", "EXEC"]
      .map((line) => b!.call(...line.split(" ")));
    assert.deepEqual((await Promise.all(mixed)).at(-1), ["PONG", "OK", "hi", "1", 1, "last"]);
    assert.deepEqual((await Promise.all(["MULTI", "PING", "EXEC"].map((name) => c!.call(name)))).at(-1), ["PONG"]);
  });
});

test("in a pipeline a read sees the writes before it and none after it", { skip }, async () => {
  await withCluster(3, async ([a, b]) => {
    for (const client of [a!, b!]) {
      const replies = [client.call("SET", "k", "start")];
      const expected = ["OK" as unknown];
      for (let i = 0; i < 100; i++) {
        replies.push(client.call("SET", "k", String(i)), client.call("GET", "k"), client.call("PING"));
        expected.push("OK", String(i), "PONG");
      }
      assert.deepEqual(await Promise.all(replies), expected);
    }
  });
});

test("a node that was stopped finds everything again, and others go on meanwhile", { skip }, async () => {
  await withCluster(3, async ([a, b], servers, options) => {
    await a!.call("SET", "k", "1");
    await stop(servers[2]!);
    assert.equal(await b!.call("SET", "k", "2"), "OK");
    servers[2] = await start({ ...options[2]!, peers: new Map() });
    const again = connect(options[2]!);
    assert.equal(await again.call("GET", "k"), "2");
    assert.equal(await again.call("SET", "k", "3"), "OK");
    assert.equal(await a!.call("GET", "k"), "3");
    again.client.close();
  });
});

/** Flips a bit in the last batch of a node's log. */
function damageTail(folder: string): void {
  const name = readdirSync(folder).filter((one) => /^log-\d+$/.test(one)).sort().findLast((one) =>
    readFileSync(join(folder, one)).subarray(100).some((byte) => byte !== 0)
  )!;
  const bytes = Uint8Array.from(readFileSync(join(folder, name)));
  const end = bytes.findLastIndex((byte) => byte !== 0);
  bytes[end - 8]! ^= 1;
  writeFileSync(join(folder, name), bytes);
}

test(
  "a node whose log has a damaged end follows, and votes again when a leader has replicated it",
  { skip },
  async () => {
    await withCluster(3, async ([a], servers, options) => {
      for (let i = 0; i < 5; i++) await a!.call("SET", "k", String(i));
      await stop(servers[2]!);
      damageTail(options[2]!.folder);
      servers[2] = await start({ ...options[2]!, peers: new Map() });
      assert.equal(await a!.call("SET", "k", "after"), "OK");
      const again = connect(options[2]!);
      assert.equal(await again.call("GET", "k"), "after");
      const { journal } = servers[2]!.node;
      while (journal.doubt !== null) await a!.call("SET", "k", "more");
      again.client.close();
    });
  },
);

test(
  "a cluster in which the end of every log is damaged elects no leader, unless an operator gives up that end",
  { skip },
  async () => {
    await withCluster(1, async ([a], servers, options) => {
      for (let i = 0; i < 5; i++) await a!.call("SET", "k", String(i));
      await stop(servers[0]!);
      damageTail(options[0]!.folder);
      servers[0] = await start(options[0]!);
      assert.notEqual(servers[0].node.journal.doubt, null);
      const doubtful = connect(options[0]!);
      assert.match(String(await doubtful.call("SET", "k", "x")), /no leader known/);
      doubtful.client.close();
      await stop(servers[0]!);
      servers[0] = await start({ ...options[0]!, acceptsLostTail: true });
      assert.equal(servers[0].node.journal.doubt, null);
      const again = connect(options[0]!);
      assert.equal(await again.call("SET", "k", "y"), "OK");
      again.client.close();
    });
  },
);

test("members join, replace each other, leave and hand leadership over", { skip }, async () => {
  await inFolder(async (folder) => {
    const [first, ...others] = await optionsOf(3, folder);
    const founder = { ...first!, peers: new Map() };
    const servers = [await start(founder)];
    const a = connect(founder);
    await a.call("SET", "k", "1");
    for (const other of others) {
      const joining = await findMembers({ ...other, peers: new Map(), join: founder.client }, founder.client);
      servers.push(await start(joining));
      assert.equal(await a.call("RAFT", "ADD", String(other.id), formatAddress(other.listen)), "OK");
      // It becomes a voter by itself when it has caught up.
      while (!(await memberStatus(founder, founder.client)).voters.includes(other.id)) await a.call("SET", "k", "2");
    }
    assert.equal(await a.call("RAFT", "TRANSFER", "3"), "OK");
    const c = connect(others[1]!);
    assert.equal((await memberStatus(others[1]!, others[1]!.client)).role, "leader");
    assert.equal(await c.call("RAFT", "REMOVE", "1"), "OK");
    assert.match(String(await c.call("RAFT", "REMOVE", "7")), /ERR this node knows of no member 7/);
    assert.deepEqual((await memberStatus(others[1]!, others[1]!.client)).voters, [2, 3]);
    assert.equal(await c.call("GET", "k"), "2");
    a.client.close();
    c.client.close();
    for (const server of servers) await stop(server);
  });
});

test(
  "a folder of another node, of another cluster, or in use is refused with an error that says so",
  { skip },
  async () => {
    await inFolder(async (folder) => {
      const [one] = await optionsOf(1, folder);
      const server = await start(one!);
      const writer = connect(one!);
      assert.equal(await writer.call("SET", "k", "v"), "OK");
      writer.client.close();
      const [client, listen] = [{ host: "127.0.0.1", port: 0 }, { host: "127.0.0.1", port: 0 }];
      await assert.rejects(start({ ...one!, client, listen }), /process/);
      await stop(server);
      await assert.rejects(start({ ...one!, id: 2 }), /it belongs to node 1 of cluster "kaya", but this is node 2/);
      await assert.rejects(start({ ...one!, clusterId: "x" }), /but this is node 1 of cluster "x"/);
      const name = "log-0000000001";
      const whole = readFileSync(join(one!.folder, name));
      const bytes = Uint8Array.from(whole);
      bytes[70]! ^= 1;
      writeFileSync(join(one!.folder, name), bytes);
      await assert.rejects(start(one!), /Cannot start from the file log-0000000001: it is damaged at offset/);
      const lines: string[] = [];
      const print = (line: string): void => void lines.push(line);
      const described = (content: Uint8Array): boolean =>
        describeJournal({ segments: [{ number: 1, name, bytes: content }], snapshot: null }, {
          print,
          describeCommand,
        });
      assert.ok(described(bytes));
      assert.match(lines.join("\n"), /damaged: .* at offset/);
      assert.equal(described(whole), false);
      assert.match(lines.join("\n"), /term 1, voted for 1/);
    });
  },
);

test("a port that is taken, and one beyond loopback without certificates, are clear errors", { skip }, async () => {
  await inFolder(async (folder) => {
    const [one] = await optionsOf(1, folder);
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port));
    });
    const address = { host: "127.0.0.1", port };
    await assert.rejects(start({ ...one!, client: address }), /^Error: Cannot listen on .*: another process/);
    await assert.rejects(start({ ...one!, listen: address }), /^Error: Cannot listen on .*: another process/);
    await assert.rejects(
      start({ ...one!, listen: { host: "0.0.0.0", port: 0 } }),
      /Cannot listen on 0.0.0.0, beyond loopback/,
    );
    await new Promise((resolve) => taken.close(resolve));
    await stop(await start(one!));
  });
});

test("a password is asked for, and limits have their errors", { skip }, async () => {
  const more = {
    password: "secret",
    clientLimits: { ...NODE_DEFAULTS.clientLimits, maxConnections: 2, maxBulkBytes: 9000 },
    storeLimits: { maxKeyBytes: 4, maxValueBytes: 8 },
  };
  await withCluster(1, async ([a], _servers, [options]) => {
    const stranger = connect(options!, null);
    assert.match(String(await stranger.call("GET", "k")), /NOAUTH/);
    assert.match(String(await stranger.call("AUTH", "wrong")), /WRONGPASS/);
    assert.equal(await stranger.call("AUTH", "secret"), "OK");
    assert.equal(await stranger.call("SET", "k", "v"), "OK");
    assert.match(String(await a!.call("SET", "longer", "v")), /the key has 6 bytes, but at most 4 are allowed/);
    assert.match(String(await a!.call("SET", "k", "123456789")), /the value has 9 bytes, but at most 8 are allowed/);
    const third = connect(options!);
    assert.match(String(await third.call("GET", "k")), /max number of clients reached/);
    stranger.client.close();
    third.client.close();
  }, more);
});

test("a client that asks for much and takes nothing does not fill the node's memory", { skip }, async () => {
  await withCluster(1, async ([a], servers, [options]) => {
    const value = "x".repeat(4 << 20);
    assert.equal(await a!.call("SET", "k", value), "OK");
    const socket = connectSocket({ host: "127.0.0.1", port: options!.client.port });
    socket.pause();
    socket.on("error", () => {});
    socket.write("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".repeat(400));
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 200; i++) assert.equal(await a!.call("PING"), "PONG");
    await a!.call("GET", "other");
    assert.ok(process.memoryUsage().rss - before < 400 << 20);
    assert.equal(servers[0]!.node.replica.isStopped, false);
    socket.destroy();
  });
});

test(
  "with certificates, connections are encrypted, and a client or node without one is refused",
  { skip },
  async () => {
    const identities = [NODE_1, NODE_2, NODE_3];
    await withCluster(3, async ([a, b], _servers, [options]) => {
      assert.equal(await a!.call("SET", "k", "v"), "OK");
      assert.equal(await b!.call("GET", "k"), "v");
      const plain = connect({ ...options!, tls: null });
      await assert.rejects(plain.call("GET", "k"), /Cannot talk to/);
      // A member's certificate is none of a client's: they have authorities of their own.
      const { address, tls } = { address: options!.client, tls: { ...NODE_2, ca: DOOR.ca } };
      await assert.rejects(askOnce({ address, tls }, ["GET", "k"]), /Cannot talk to/);
      await assert.rejects(
        askOnce({ address: options!.listen, tls: { ...CLIENT, ca: NODE_1.ca } }, ["PING"]),
        /Cannot/,
      );
    }, (id) => ({ tls: DOOR, secret: null, peerTls: identities[id - 1]! }));
  },
);

test("sockets that never complete TLS keep no client out", { skip }, async () => {
  const limits = { maxConnections: 4, maxNewConnections: 4, operatorConnections: 2 };
  await withCluster(1, async ([early], _servers, [options]) => {
    assert.equal(await early!.call("SET", "k", "v"), "OK");
    const silent = Array.from({ length: 60 }, () => connectSocket(options!.client).on("error", () => {}));
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    const late = connect(options!);
    assert.equal(await late.call("GET", "k"), "v");
    assert.equal(await early!.call("GET", "k"), "v");
    late.client.close();
    for (const socket of silent) socket.destroy();
  }, { tls: DOOR, clientLimits: { ...NODE_DEFAULTS.clientLimits, ...limits } });
});

test("INFO tells role, term, commit and members", { skip }, async () => {
  await withCluster(1, async ([a]) => {
    await a!.call("SET", "k", "v");
    const info = String(await a!.call("INFO", "raft"));
    for (const line of ["role:leader", "term:1", "leader:1", "voters:1"]) assert.ok(info.includes(`${line}\r\n`), info);
    assert.match(info, /commit_index:\d+\r\n/);
    assert.match(String(await a!.call("INFO", "keyspace")), /keys=1/);
  });
});

test(
  "random bytes at the ports for clients and members end their own connection only",
  { skip },
  async () => {
    await withCluster(1, async ([a], _servers, [options]) => {
      const random = createRandom(9);
      assert.equal(await a!.call("SET", "k", "v"), "OK");
      for (let i = 0; i < 60; i++) {
        const { port } = i % 2 === 0 ? options!.client : options!.listen;
        const length = 1 + random.below(2000);
        const noise = Uint8Array.from(
          { length },
          () => (random.below(4) === 0 ? 13 + random.below(60) : random.below(256)),
        );
        await new Promise<void>((resolve) => {
          const socket = connectSocket({ host: "127.0.0.1", port }, () => socket.end(noise));
          socket.on("error", () => {});
          socket.on("close", () => resolve());
          socket.resume();
        });
      }
      assert.equal(await a!.call("GET", "k"), "v");
    });
  },
);

test("a long pipeline at a follower is executed completely: no forwarded request is dropped", { skip }, async () => {
  await withCluster(3, async ([a], _servers, options) => {
    await a!.call("SET", "k", "0");
    // Short commands: one chunk of a socket has thousands of them.
    const count = 8_000;
    for (const { client } of options) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connectSocket(client.port, client.host);
        let text = "";
        socket.setEncoding("latin1");
        socket.on("error", reject);
        socket.on("close", () => resolve(text));
        socket.on("data", (chunk) => text += chunk);
        socket.write("SET k 1\r\n".repeat(count) + "QUIT\r\n");
      });
      assert.equal(answer, "+OK\r\n".repeat(count + 1));
    }
  });
});

test("writes that are under way at a change of leader are done once", { skip }, async () => {
  await withCluster(3, async ([a, b, c]) => {
    await a!.call("SET", "n", "0");
    const replies: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round++) {
      for (const client of [a!, b!, c!]) for (let i = 0; i < 20; i++) replies.push(client.call("INCR", "n"));
      await a!.call("RAFT", "TRANSFER", String(1 + round % 3));
    }
    const values = await Promise.all(replies);
    assert.ok(
      values.every((value) => typeof value === "number"),
      String(values.find((value) => typeof value !== "number")),
    );
    assert.equal(await b!.call("GET", "n"), "360");
    assert.equal(new Set(values).size, 360);
  });
});
