#!/usr/bin/env node
// Challenge 6: transactions over registers, totally available: each node answers without asking others, and sends them its writes.
//
// Of two writes to a key the one with the later stamp wins, at every node. A transaction's writes arrive together: what one reads is committed.
import { Node } from "./node.mjs";

const node = new Node();
const registers = new Map();
let clock = 0;
const isLater = (a, b) => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** Stores the writes that are later than this node's own. */
function keep(writes, stamp) {
  clock = Math.max(clock, stamp[0]);
  for (const [key, value] of writes) {
    if (isLater(stamp, registers.get(key)?.stamp ?? [0, ""])) registers.set(key, { value, stamp });
  }
}

/** Sends the writes to another node, until it acknowledges them. */
async function tell(other, writes, stamp) {
  while (!await node.rpc(other, { type: "writes", writes, stamp }).then(() => true, () => false));
}

node.on("writes", ({ body }) => {
  keep(body.writes, body.stamp);
  return { type: "writes_ok" };
});
node.on("txn", ({ body }) => {
  const own = new Map();
  const txn = body.txn.map(([f, key, value]) => {
    if (f === "w") own.set(key, value);
    return [f, key, f === "w" ? value : own.get(key) ?? registers.get(key)?.value ?? null];
  });
  if (own.size > 0) {
    const stamp = [clock + 1, node.id];
    keep(own, stamp);
    for (const other of node.ids) if (other !== node.id) node.spawn(() => tell(other, [...own], stamp));
  }
  return { type: "txn_ok", txn };
});
node.run();
