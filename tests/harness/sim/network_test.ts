import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../../harness/sim/event_queue.ts";
import { Network } from "../../../harness/sim/network.ts";
import type { Link } from "../../../harness/nemesis/kind.ts";
import type { Packets } from "../../../harness/nemesis/packets.ts";

function deliveries(
  seed: number,
  send: (
    network: Pick<Network, "cut" | "mend" | "disturb" | "calm"> & {
      send(from: number, to: number, name: string): void;
    },
  ) => void,
): string[] {
  const queue = new EventQueue();
  const network = new Network(queue, seed);
  const heard: string[] = [];
  const receive = (name: string): void => void heard.push(`${name} at ${queue.now()}`);
  send({
    send: (from, to, name) => network.send(from, to, receive, name),
    cut: (links) => network.cut(links),
    mend: (links) => network.mend(links),
    disturb: (fault, links) => network.disturb(fault, links),
    calm: (fault, links) => network.calm(fault, links),
  });
  while (queue.step());
  return heard;
}

test("messages overtake each other", () => {
  const heard = deliveries(1, (network) => {
    for (let i = 0; i < 100; i++) network.send(1, 2, String(i));
  });

  const order = heard.map((line) => Number(line.split(" ")[0]));
  assert.equal(order.length, 100);
  assert.notDeepEqual(order, [...order].sort((a, b) => a - b));
});

test("the fate of a message does not depend on messages of other links", () => {
  const alone = deliveries(7, (network) => network.send(1, 2, "a"));
  const among = deliveries(7, (network) => {
    for (let i = 0; i < 10; i++) network.send(2, 1, "other");
    network.send(1, 2, "a");
    network.send(3, 2, "other");
  });

  assert.deepEqual(among.filter((line) => line.startsWith("a ")), alone);
});

test("a cut stops what is sent and what is under way, in its direction only, until each cut is mended", () => {
  const links: Link[] = [[1, 2]];
  const heard = deliveries(1, (network) => {
    network.send(1, 2, "under way");
    network.cut(links);
    network.cut(links);
    network.send(1, 2, "cut");
    network.send(2, 1, "back");
    network.mend(links);
    network.send(1, 2, "still cut");
  });

  assert.deepEqual(heard.map((line) => line.split(" at ")[0]), ["back"]);
});

test("packets are lost, doubled and late in about the shares that a fault has", () => {
  const fault: Packets = { kind: "packets", links: [[1, 2]], loss: 0.25, duplication: 0.5, delay: 1e9 };
  const heard = deliveries(3, (network) => {
    network.disturb(fault, fault.links);
    for (let i = 0; i < 4000; i++) network.send(1, 2, String(i));
  });

  const arrived = new Set(heard.map((line) => line.split(" ")[0])).size;
  assert.ok(Math.abs(arrived / 4000 - 0.75) < 0.03, `${arrived} arrived`);
  assert.ok(Math.abs((heard.length - arrived) / arrived - 0.5) < 0.04, `${heard.length - arrived} came twice`);
  const late = heard.filter((line) => Number(line.split(" at ")[1]) > 5e8).length;
  assert.ok(Math.abs(late / heard.length - 0.5) < 0.05, `${late} came late`);
});

test("a fault that was taken away disturbs no more", () => {
  const fault: Packets = { kind: "packets", links: [[1, 2]], loss: 1, duplication: 0, delay: 0 };
  const heard = deliveries(3, (network) => {
    network.disturb(fault, fault.links);
    network.send(1, 2, "lost");
    network.calm(fault, fault.links);
    network.send(1, 2, "heard");
  });

  assert.deepEqual(heard.map((line) => line.split(" at ")[0]), ["heard"]);
});
