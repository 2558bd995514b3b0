#!/usr/bin/env node
// Challenge 5: logs. The log of a key belongs to one node; all others forward requests to it.
import { Node } from "./node.mjs";

const node = new Node();
const POLLED_MAX = 100;
const logs = new Map(), committed = new Map();
const ownerOf = (key) => node.ids[Number(key) % node.ids.length];

node.on("send", async ({ body: { key, msg } }) => {
  if (ownerOf(key) !== node.id) {
    const { offset } = await node.rpc(ownerOf(key), { type: "send", key, msg });
    return { type: "send_ok", offset };
  }
  if (!logs.has(key)) logs.set(key, []);
  return { type: "send_ok", offset: logs.get(key).push(msg) - 1 };
});

async function poll(key, offset) {
  if (ownerOf(key) !== node.id) {
    return (await node.rpc(ownerOf(key), { type: "poll", offsets: { [key]: offset } })).msgs[key];
  }
  return (logs.get(key) ?? []).slice(offset, offset + POLLED_MAX).map((message, i) => [offset + i, message]);
}

node.on("poll", async ({ body }) => {
  const msgs = {};
  for (const [key, offset] of Object.entries(body.offsets)) msgs[key] = await poll(key, offset);
  return { type: "poll_ok", msgs };
});
node.on("commit_offsets", async ({ body }) => {
  for (const [key, offset] of Object.entries(body.offsets)) {
    if (ownerOf(key) === node.id) committed.set(key, Math.max(offset, committed.get(key) ?? 0));
    else await node.rpc(ownerOf(key), { type: "commit_offsets", offsets: { [key]: offset } });
  }
  return { type: "commit_offsets_ok" };
});
node.on("list_committed_offsets", async ({ body }) => {
  const offsets = {};
  for (const key of body.keys) {
    if (ownerOf(key) !== node.id) {
      Object.assign(offsets, (await node.rpc(ownerOf(key), { type: "list_committed_offsets", keys: [key] })).offsets);
    } else if (committed.has(key)) offsets[key] = committed.get(key);
  }
  return { type: "list_committed_offsets_ok", offsets };
});
node.run();
