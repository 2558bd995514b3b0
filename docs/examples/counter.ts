// A replicated counter on three nodes, over TCP, with a log on disk.
//
//     deno run -A docs/examples/counter.ts 1    (and 2 and 3, each in a terminal of its own)
//     curl -X POST 127.0.0.1:8001/5             adds five at any node
//     curl 127.0.0.1:8003                       reads it at any other; kill any one of them, and go on
import { randomInt } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { createLiveClock, createTransport, openDisk } from "@kayadb/raft/node";
import {
  type ClientReply,
  createReplica,
  decodePacket,
  encodePacket,
  MILLISECOND,
  openJournal,
  type StateMachine,
} from "@kayadb/raft/server";

const [, , which, data = "counter-data", firstPort = "8000"] = process.argv;
const [id, base] = [Number(which), Number(firstPort)];
const ids = [1, 2, 3];
if (!ids.includes(id)) throw new Error("Which node is this? Say 1, 2 or 3");

/** The replicated state machine. A command is a number as text; an empty command reads. */
function createCounter(): StateMachine {
  let count = 0;
  const value = (): ClientReply => ({ type: "ok", value: count });
  return {
    apply(command) {
      const amount = Number(new TextDecoder().decode(command));
      if (!Number.isSafeInteger(amount)) return { type: "fail", error: "not a whole number" };
      count += amount;
      return value();
    },
    isRead: (command) => command.length === 0,
    read: value,
    snapshot: () => new TextEncoder().encode(String(count)),
    restore: (bytes) => void (count = Number(new TextDecoder().decode(bytes))),
  };
}

/** The members share a secret, and refuse programs that do not know it. Copy it to each machine in a safe way. */
function sharedSecret(): Uint8Array {
  const file = join(data, "secret");
  mkdirSync(data, { recursive: true });
  try {
    writeFileSync(file, crypto.getRandomValues(new Uint8Array(32)), { flag: "wx", mode: 0o600 });
  } catch {
    // Another node has created the file.
  }
  return readFileSync(file);
}

const address = (node: number): { host: string; port: number } => ({ host: "127.0.0.1", port: base + 100 + node });
const clock = createLiveClock();
openJournal(openDisk(join(data, String(id))), { clusterId: "counter", nodeId: id }, (error, journal) => {
  if (error !== null || journal === null) throw error;
  const peers = ids.filter((peer) => peer !== id);
  const transport = createTransport({
    clusterId: "counter",
    nodeId: id,
    address: address(id),
    peers: new Map(peers.map((peer) => [peer, address(peer)])),
    clock,
    random: randomInt,
    secret: sharedSecret(),
    onState: ({ peer, isConnected }) => isConnected || replica.lostConnection(peer),
    onFrame: (from, frame) => {
      const packet = decodePacket(frame);
      if (packet.kind !== "raft" || packet.envelope.from === from) replica.receive(packet);
    },
  });
  const replica = createReplica({
    id,
    peers,
    journal,
    machine: createCounter(),
    incarnation: randomInt(2 ** 32),
    send: (to, packet) => transport.send(to, encodePacket(packet)),
    onStopped: (reason) => {
      throw reason;
    },
  });
  const tick = (): void => {
    replica.tick();
    clock.after(25 * MILLISECOND, tick);
  };
  transport.start((failed) => failed === null ? tick() : Promise.reject(failed));
  createServer((request, response) => {
    const amount = request.method === "POST" ? request.url!.slice(1) : "";
    replica.submit(new TextEncoder().encode(amount), (reply) => {
      // ok: it happened. fail: it certainly did not. info: it may have: the caller must not simply repeat it.
      response.statusCode = reply.type === "ok" ? 200 : reply.type === "fail" ? 503 : 504;
      response.end(`${reply.type === "ok" ? reply.value : `${reply.type}: ${reply.error}`}\n`);
    });
  }).listen(base + id, "127.0.0.1", () => process.stdout.write(`node ${id} serves on ${base + id}\n`));
});
