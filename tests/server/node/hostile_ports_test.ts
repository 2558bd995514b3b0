// Random and hostile bytes on every port of a node, for a second by default; KAYA_FUZZ_SECONDS=600 for a long look.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import process from "node:process";
import { test } from "node:test";
import tls from "node:tls";
import { createRandom, type Random } from "../../../raft/mod.ts";
import { joinFrames } from "../../../server/peer/frames.ts";
import { encodeHandshake } from "../../../server/peer/handshake.ts";
import type { Address, TlsIdentity } from "../../../server/peer/peer_options.ts";
import { askOnce } from "../../../server/redis/resp_client.ts";
import { encodePacket } from "../../../server/replica/packet_codec.ts";
import { setting } from "../../corpus.ts";
import { dialAs, dialIdentity } from "../peer/shake_hands.ts";
import { CLIENT, DOOR, NODE_1, NODE_2 } from "../peer/tls_identity.ts";
import { inFolder, optionsOf, skipWithoutSockets, start, stop } from "./live_cluster.ts";

const skip = skipWithoutSockets;
const seconds = Number(setting("KAYA_FUZZ_SECONDS", "1"));
const MEMORY_MAX = 1 << 30;

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Bytes of a client: pieces of true commands, counts that are too large, arrays in arrays, and noise. */
function clientBytes(random: Random): Buffer {
  const pieces = [
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n",
    "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
    "GET k\r\n",
    "MULTI\r\n",
    "EXEC\r\n",
    "HELLO 3\r\n",
    "AUTH x\r\n",
    "SCAN 0 MATCH [[[*\r\n",
    'KAYA {"operation":{"f":"txn","value":[["append","l",[[[1]]]]]}}\r\n',
    "KAYA {}\r\n",
    "KAYA [1,2]\r\n",
    "RAFT BACKUP BEGIN\r\n",
    "RAFT ADD 9 127.0.0.1:1 5 00\r\n",
    "*1048577\r\n",
    "*1048576\r\n$16777216\r\n",
    "$99999999999\r\n",
    "*2\r\n*2\r\n*2\r\n",
    "POST / HTTP/1.1\r\n",
    '"unbalanced',
  ];
  const parts = Array.from(
    { length: 1 + random.below(20) },
    () => random.below(6) === 0 ? noise(random, random.below(40)) : Buffer.from(pieces[random.below(pieces.length)]!),
  );
  return Buffer.concat(parts);
}

/** Bytes of a peer that has not shaken hands. */
function peerBytes(random: Random): Buffer {
  const hello = Buffer.from(
    encodeHandshake({ type: "hello", versions: { lowest: 3, highest: 3 }, nonce: noise(random, 32) }),
  );
  for (let i = random.below(3); i > 0; i--) hello[random.below(hello.length)] = random.below(256);
  return Buffer.concat([
    hello.subarray(0, random.below(2) === 0 ? hello.length : random.below(hello.length)),
    noise(random, random.below(200)),
  ]);
}

/** Frames of a peer that has: packets with some bytes changed, lengths that are too large, noise. */
function frameBytes(random: Random): Buffer {
  const answer = {
    kind: "answer",
    from: 2,
    incarnation: 1,
    number: 1,
    reply: { type: "ok", value: ["x", 1] },
  } as const;
  const packet = Buffer.from(encodePacket(answer));
  for (let i = random.below(4); i > 0; i--) packet[random.below(packet.length)] = random.below(256);
  const others = [
    noise(random, random.below(100)),
    Buffer.from([1, ...noise(random, 60)]),
    Buffer.from([9, 1]),
    Buffer.alloc(0),
  ];
  return Buffer.concat([
    joinFrames([packet, others[random.below(4)]!]),
    random.below(4) === 0 ? noise(random, 9) : Buffer.alloc(0),
  ]);
}

/** Sends bytes over a connection of its own, sometimes in pieces, and leaves in one of several ways. */
function attack(
  random: Random,
  address: Address,
  bytes: Buffer,
  prepare?: (socket: net.Socket) => Promise<void>,
): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    const way = random.below(3);
    const timer = setTimeout(() => socket.destroy(), 30);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on("connect", async () => {
      await prepare?.(socket).catch(() => {});
      if (socket.destroyed) return;
      if (way === 0) socket.pause();
      socket.write(bytes.subarray(0, bytes.length >> 1));
      socket.write(bytes.subarray(bytes.length >> 1));
      if (way === 1) socket.end();
      if (way === 2) socket.destroySoon();
    });
  });
}

test(
  "no bytes on any port stop a node from answering, or make it grow without bound",
  { skip, timeout: 1e9 },
  async () => {
    await inFolder(async (folder) => {
      // Of three founders the third is played by the attacker, who knows the secret.
      const [one, two] = await optionsOf(3, folder);
      const [secure] = await optionsOf(1, folder, { secret: null, peerTls: NODE_1, tls: DOOR });
      const servers = [await start(one!), await start(two!), await start({ ...secure!, folder: `${folder}/secure` })];
      const random = createRandom(Number(setting("KAYA_FUZZ_SEED", "1")));
      assert.equal(await askOnce({ address: one!.client }, ["SET", "kept", "yes"]), "OK");
      const tlsOf = (identity: TlsIdentity, address: Address): Promise<void> =>
        new Promise((resolve) => {
          const socket = tls.connect({ ...address, ...identity, rejectUnauthorized: false } as tls.ConnectionOptions);
          const end = setTimeout(() => socket.destroy(), 30);
          socket.on("error", () => {});
          socket.on("secureConnect", () => socket.write(clientBytes(random)));
          socket.on("close", () => {
            clearTimeout(end);
            resolve();
          });
        });
      const deadline = performance.now() + 1000 * seconds;
      let attacks = 0;
      let shaken = 0;
      while (performance.now() < deadline) {
        const shake = (socket: net.Socket): Promise<void> =>
          dialAs(socket, dialIdentity({ clusterId: "kaya", nodeId: 3 })).then(() => void shaken++);
        await Promise.all([
          attack(random, one!.client, clientBytes(random)),
          attack(random, one!.client, clientBytes(random)),
          attack(random, one!.listen, peerBytes(random)),
          attack(random, one!.listen, frameBytes(random), shake),
          attack(random, secure!.client, noise(random, random.below(300))),
          attack(
            random,
            secure!.listen,
            Buffer.concat([Buffer.from([22, 3, 1, random.below(3), random.below(256)]), noise(random, 99)]),
          ),
          tlsOf(random.below(2) === 0 ? CLIENT : NODE_2, secure!.client),
          tlsOf(random.below(2) === 0 ? CLIENT : NODE_2, secure!.listen),
        ]);
        attacks += 8;
        if (attacks % 80 !== 0) continue;
        assert.equal(await askOnce({ address: one!.client }, ["GET", "kept"]), "yes");
        assert.ok(
          process.memoryUsage().rss < MEMORY_MAX,
          `${process.memoryUsage().rss} bytes after ${attacks} attacks`,
        );
      }
      assert.ok(attacks > 0 && shaken > 0, `${shaken} of ${attacks} shook hands`);
      assert.equal(await askOnce({ address: one!.client }, ["GET", "kept"]), "yes");
      assert.match(String(await askOnce({ address: secure!.client, tls: CLIENT }, ["SET", "a", "b"])), /OK/);
      for (const server of servers) {
        assert.equal(server.node.replica.isStopped, false);
        await stop(server);
      }
    });
  },
);
