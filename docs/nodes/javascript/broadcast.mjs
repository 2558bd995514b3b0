#!/usr/bin/env node
// Challenge 3: broadcast. Each node passes on what it hears, again and again until its neighbour has said that it has it.
//
// --hub        n0 is everybody's neighbour, and nobody else is: two hops to everywhere (3d, 3e)
// --every MS   messages to one neighbour are gathered for so long (3e)
import process from "node:process";
import { Node } from "./node.mjs";

const node = new Node();
const hasHub = process.argv.includes("--hub");
const every = process.argv.includes("--every") ? Number(process.argv[process.argv.indexOf("--every") + 1]) : 0;
const seen = new Set();
/** For each neighbour, what it is to be told next. */
const gathered = new Map();
let neighbours = [];

node.on("topology", ({ body }) => {
  const hub = node.ids[0];
  const star = node.id === hub ? node.ids.filter((id) => id !== hub) : [hub];
  neighbours = hasHub ? star : body.topology[node.id];
  return { type: "topology_ok" };
});

/** Keeps what is new, and has it passed on to everybody but its source. */
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

/** Tells a neighbour what was gathered for it, until it has heard. */
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
