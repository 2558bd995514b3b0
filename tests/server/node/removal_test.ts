import assert from "node:assert/strict";
import { test } from "node:test";
import { createLiveClock } from "../../../server/live_clock.ts";
import { RemovedError } from "../../../server/node/node.ts";
import type { NodeOptions } from "../../../server/node/node_options.ts";
import { type Server, startServer } from "../../../server/node/serve.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets, start, stop } from "./live_cluster.ts";

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

test("a node that is removed learns it at once, also when it was away or starts again", { skip }, async () => {
  await inFolder(async (folder) => {
    const options = await optionsOf(3, folder);
    const servers = await Promise.all(options.slice(0, 2).map(start));
    const third = await startUntilEnd(options[2]!);
    const { client, call } = connect(options[0]!);
    assert.equal(await call("SET", "k", "v"), "OK");
    assert.equal(await call("RAFT", "REMOVE", "3"), "OK");
    assert.ok(await third.ended instanceof RemovedError);
    await stop(third.server);
    const again = await startUntilEnd(options[2]!);
    assert.match((await again.ended).message, /removed from the cluster/);
    await stop(again.server);
    client.close();
    for (const server of servers) await stop(server);
  });
});

test("without a majority, each node says at once what is missing, and still serves local reads", { skip }, async () => {
  await inFolder(async (folder) => {
    const options = await optionsOf(3, folder);
    const servers = await Promise.all(options.map(start));
    const { client, call } = connect(options[0]!);
    assert.equal(await call("SET", "k", "v"), "OK");
    assert.equal(await call("GET", "k"), "v");
    for (const server of servers.splice(1)) await stop(server);
    while (servers[0]!.node.outage === null) await new Promise((resolve) => setTimeout(resolve, 10));
    const missing =
      /^Error: TRYAGAIN nothing was done: no leader, and none can be elected: 1 of 3 voters .* not node 2, 3$/;
    for (const request of [["SET", "k", "w"], ["GET", "k"], ["DEL", "k"], ["RAFT", "REMOVE", "2"]]) {
      const answer = String(await call(...request));
      if (request[0] !== "RAFT") assert.match(answer, missing, request.join(" "));
    }
    assert.equal(await call("READMODE", "local"), "OK");
    assert.equal(await call("GET", "k"), "v");
    client.close();
    for (const server of servers) await stop(server);
  });
});
