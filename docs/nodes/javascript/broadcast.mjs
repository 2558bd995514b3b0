#!/usr/bin/env node
// Challenge 3: broadcast. Each node sends new messages to its neighbours, again and again until a neighbour has acknowledged them.
//
// --hub        every node's only neighbour is n0: two hops between any two nodes (3d, 3e)
// --every MS   messages to one neighbour are collected for this time (3e)
import process from "node:process";
import { Node } from "./node.mjs";

const node = new Node();
const hasHub = process.argv.includes("--hub");
const every = process.argv.includes("--every") ? Number(process.argv[process.argv.indexOf("--every") + 1]) : 0;
const seen = new Set();
/** The messages to send next, by neighbour. */
const gathered = new Map();
let neighbours = [];

node.on("topology", ({ body }) => {
  const hub = node.ids[0];
  const star = node.id === hub ? node.ids.filter((id) => id !== hub) : [hub];
  neighbours = hasHub ? star : body.topology[node.id];
  return { type: "topology_ok" };
});

/** Stores new messages, and queues them for all neighbours except the sender. */
function hear(messages, source) {
  const fresh = messages.filter((message) => !seen.has(message));
  for (const message of fresh) seen.add(message);
  for (const neighbour of fresh.length === 0 ? [] : neighbours) {
    if (neighbour === source) continue;
    if (gathered.has(neighbour)) gathered.get(neighbour).push(...fresh);
    else {
      gathered.set(neighbour, [...fresh]);
      node.spawn(() => tell(neighbour));
    }
  }
}

/** Sends a neighbour its queued messages, until it acknowledges them. */
async function tell(neighbour) {
  await node.sleep(every);
  const messages = gathered.get(neighbour);
  gathered.delete(neighbour);
  while (!await node.rpc(neighbour, { type: "gossip", messages }).then(() => true, () => false));
}

node.on("broadcast", ({ src, body }) => {
  hear([body.message], src);
  return { type: "broadcast_ok" };
});
node.on("gossip", ({ src, body }) => {
  hear(body.messages, src);
  return { type: "gossip_ok" };
});
node.on("read", () => ({ type: "read_ok", messages: [...seen] }));
node.run();
