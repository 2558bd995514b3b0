import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { createLiveClock } from "../../../server/live_clock.ts";
import { findMembers, memberStatus } from "../../../server/node/join.ts";
import { joinProof } from "../../../server/node/member_commands.ts";
import type { NodeOptions } from "../../../server/node/node_options.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import { type Server, startServer } from "../../../server/node/serve.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets, start, stop } from "./live_cluster.ts";
import { SECRET } from "../peer/shake_hands.ts";

const skip = skipWithoutSockets;

/** Starts a node, and tells what it says when it ends by itself. */
function startUntilEnd(options: NodeOptions): Promise<{ server: Server; ended: Promise<Error> }> {
  return new Promise((resolve, reject) => {
    let end: (error: Error) => void;
    const ended = new Promise<Error>((told) => end = told);
    startServer(options, createLiveClock(), () => {}, (error) => end(error), (error, server) => {
      if (error === null) resolve({ server: server!, ended });
      else reject(error);
    });
  });
}

/** Waits until every server's directory tells by which journal each of `ids` is known. */
async function whenKnown(servers: readonly Server[], ids: readonly number[]): Promise<void> {
  for (const { node } of servers) {
    while (!ids.every((id) => (node.directory.entries.get(id)?.birth ?? 0) !== 0)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test("a node that has lost its journal is refused, ends, and comes back as a new member only", { skip }, async () => {
  await inFolder(async (folder) => {
    const options = await optionsOf(3, folder);
    const [first, , third] = options as [NodeOptions, NodeOptions, NodeOptions];
    const servers = await Promise.all(options.map(start));
    await whenKnown(servers, [1, 2, 3]);
    const { client, call } = connect(first);
    assert.equal(await call("SET", "k", "v"), "OK");

    // Its folder is emptied: neither as a founder nor as one that joins is it who it was.
    await stop(servers.pop()!);
    rmSync(third.folder, { recursive: true });
    const founder = await startUntilEnd(third);
    assert.match((await founder.ended).message, /^Node [12] refuses this node: node 3 has begun a new journal/);
    await stop(founder.server);
    const joining = await findMembers({ ...third, peers: new Map(), join: first.client }, first.client);
    const joined = await startUntilEnd(joining);
    const add = ({ node }: Server): string[] => {
      const [address, { birth }] = [formatAddress(third.listen), node.journal];
      return ["RAFT", "ADD", "3", address, `${birth}`, joinProof(SECRET, third.clusterId, 3, address, birth)];
    };
    assert.match(
      String(await call(...add(joined.server))),
      /ERR node 3 is a member with another journal: remove it first/,
    );
    await joined.ended;
    await stop(joined.server);

    // It is removed and added anew.
    assert.equal(await call("RAFT", "REMOVE", "3"), "OK");
    while ([...servers[0]!.node.directory.entries.keys()].includes(3)) await call("PING");
    rmSync(third.folder, { recursive: true });
    servers.push(await start(joining));
    assert.equal(await call(...add(servers[2]!)), "OK");
    while (!(await memberStatus(first, first.client)).voters.includes(3)) await call("PING");
    const again = connect(third);
    assert.equal(await again.call("GET", "k"), "v");
    again.client.close();

    // And then it is known by its new journal, over restarts too.
    await stop(servers.pop()!);
    servers.push(await start({ ...third, join: null }));
    const there = connect(third);
    assert.equal(await there.call("GET", "k"), "v");
    for (const one of [client, there.client]) one.close();
    for (const server of servers) await stop(server);
  });
});

test("a restarted node knows the others' journals before it has heard from anybody", { skip }, async () => {
  await inFolder(async (folder) => {
    const options = await optionsOf(3, folder);
    const servers = await Promise.all(options.map(start));
    await whenKnown(servers, [1, 2, 3]);
    for (const server of servers) await stop(server);

    // With the third away, one of two that remain has lost its journal: the two are a majority, but not one that knows.
    rmSync(options[1]!.folder, { recursive: true });
    const one = await start(options[0]!);
    const emptied = await startUntilEnd(options[1]!);
    assert.match((await emptied.ended).message, /^Node 1 refuses this node: node 2 has begun a new journal/);
    assert.equal(one.node.status().role === "leader", false);
    for (const server of [one, emptied.server]) await stop(server);
  });
});
