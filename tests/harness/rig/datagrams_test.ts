import assert from "node:assert/strict";
import dgram from "node:dgram";
import process from "node:process";
import { test } from "node:test";
import type { Packets } from "../../../harness/nemesis/packets.ts";
import type { Partition } from "../../../harness/nemesis/partition.ts";
import type { DatagramDisturbance } from "../../../harness/rig/datagrams.ts";
import type { Identify } from "../../../harness/rig/identify.ts";
import { Links } from "../../../harness/rig/links.ts";
import { createRandom } from "../../../raft/random.ts";
import { createLiveClock } from "../../../server/live_clock.ts";
import { mayUse } from "../../corpus.ts";

const mayAll = mayUse("net") && mayUse("sys");
const skip = mayAll && process.platform === "linux" ? false : "needs sockets at 127.0.1.1, as Linux has";

/** A node's socket, and what has come to it. */
class Peer {
  readonly socket = dgram.createSocket("udp4");
  readonly heard: string[] = [];
  #waiting: (() => void)[] = [];

  constructor() {
    this.socket.on("message", (bytes, { address, port }) => {
      const text = new TextDecoder().decode(bytes);
      this.heard.push(text);
      if (text.startsWith("ask ")) this.send(`answer ${text.slice(4)}`, { host: address, port });
      for (const check of this.#waiting.splice(0)) check();
    });
  }

  async bind(host: string): Promise<number> {
    await new Promise<void>((resolve) => this.socket.bind(0, host, resolve));
    return this.socket.address().port;
  }

  send(text: string, { host, port }: { readonly host: string; readonly port: number }): void {
    this.socket.send(text, port, host);
  }

  async until(isSo: (heard: readonly string[]) => boolean): Promise<void> {
    while (!isSo(this.heard)) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }
}

/** Two nodes; node 1 sends to node 2 through the links, over its own address or an announced one. */
async function withNodes(
  way: "route" | "announced",
  action: (sides: { links: Links; one: Peer; two: Peer; say(text: string): void }) => Promise<void>,
): Promise<void> {
  const sources: Readonly<Record<string, number>> = { "127.0.1.1": 1, "127.0.1.2": 2 };
  // Datagrams keep their order while their sender is identified.
  const identify: Identify = ({ remoteAddress }, done) =>
    void setTimeout(() => done(sources[remoteAddress] ?? null), 5);
  const random = createRandom(1);
  const links = new Links({ clock: createLiveClock(), random: (below) => random.below(below), identify });
  const [one, two] = [new Peer(), new Peer()];
  try {
    const ports = [await one.bind("127.0.1.1"), await two.bind("127.0.0.1")];
    const endpoints = ports.map((port, i) => ({
      node: i + 1,
      name: "gossip",
      address: { host: "127.0.0.1", port },
      takesDatagrams: true,
    }));
    await new Promise<void>((resolve, reject) =>
      links.open(endpoints, (error) => error === null ? resolve() : reject(error))
    );
    const at = way === "route" ? links.route("gossip", 1, 2) : links.announced("gossip", 2);
    await action({ links, one, two, say: (text) => one.send(text, at) });
  } finally {
    await new Promise<void>((resolve) => links.close(resolve));
    for (const { socket } of [one, two]) socket.close();
  }
}

const cut = (...links: readonly (readonly [number, number])[]): Partition => ({
  kind: "partition",
  shape: "one",
  cut: links,
});

for (const way of ["route", "announced"] as const) {
  test(
    `a datagram to an address of the kind ${way} arrives, and so does the answer`,
    { skip },
    () =>
      withNodes(way, async ({ links, one, two, say }) => {
        say("ask 1");
        say("ask 2");
        say("ask 3");

        await one.until(({ length }) => length === 3);
        assert.deepEqual(two.heard, ["ask 1", "ask 2", "ask 3"]);
        assert.deepEqual(one.heard, ["answer 1", "answer 2", "answer 3"]);
        assert.equal(links.carried, 3);
      }),
  );

  test(
    `a cut of one direction loses what the ${way} carries in it, and no more; healing ends it`,
    { skip },
    () =>
      withNodes(way, async ({ links, one, two, say }) => {
        const [out, back] = [cut([1, 2]), cut([2, 1])];
        links.inject(out);
        say("ask lost");
        links.inject(back);
        // The first datagram has passed the proxy when the second one arrives.
        await new Promise((resolve) => setTimeout(resolve, 100));
        links.heal(out);
        say("ask unanswered");
        await two.until(({ length }) => length > 0);
        await new Promise((resolve) => setTimeout(resolve, 100));
        links.heal(back);
        say("ask again");

        await one.until(({ length }) => length > 0);
        assert.deepEqual(two.heard, ["ask unanswered", "ask again"]);
        assert.deepEqual(one.heard, ["answer again"]);
      }),
  );
}

test("datagrams are lost, doubled and overtake each other, each by its own chance", { skip }, async () => {
  const disturbed = async (
    disturbance: DatagramDisturbance,
    enough: (heard: readonly string[]) => boolean,
  ): Promise<readonly string[]> => {
    let heard: readonly string[] = [];
    await withNodes("route", async ({ links, two, say }) => {
      const fault: Packets = { kind: "packets", links: [[1, 2]], loss: 0, duplication: 0, delay: 0, ...disturbance };
      links.inject(fault);
      for (let i = 0; i < 200; i++) {
        say(`${i}`);
        if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await two.until(enough);
      links.heal(fault);
      say("end");
      await two.until((all) => all.includes("end"));
      heard = two.heard.filter((each) => each !== "end");
    });
    return heard;
  };

  const lossy = await disturbed({ loss: 0.5 }, ({ length }) => length > 20);
  assert.ok(lossy.length < 180, `${lossy.length} of 200`);

  const doubled = await disturbed({ duplication: 0.5 }, ({ length }) => length > 200);
  assert.ok(new Set(doubled).size < doubled.length);

  const late = await disturbed({ delay: 20_000_000 }, ({ length }) => length === 200);
  assert.deepEqual([...late].sort((a, b) => Number(a) - Number(b)), Array.from({ length: 200 }, (_, i) => `${i}`));
  assert.ok(late.some((each, i) => Number(each) < Number(late[i - 1] ?? 0)), "none has overtaken another");
});

test(
  "datagrams of a stranger to an announced address go nowhere",
  { skip },
  () =>
    withNodes("announced", async ({ links, two, say }) => {
      const stranger = new Peer();
      await stranger.bind("127.0.0.1");
      stranger.send("from outside", links.announced("gossip", 2));
      await new Promise((resolve) => setTimeout(resolve, 50));
      say("from node 1");
      await two.until(({ length }) => length > 0);
      stranger.socket.close();

      assert.deepEqual(two.heard, ["from node 1"]);
      assert.equal(links.strangers, 1);
    }),
);
