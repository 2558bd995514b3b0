#!/usr/bin/env node
// Challenge 4: a counter that only grows, over the service seq-kv, whose reads may be stale. A successful compare-and-set is never stale: the value that it confirms is the latest.
import { Node } from "./node.mjs";

const node = new Node();
const key = "counter";

/** The result, or the given value for the error `code`. */
async function unless(code, instead, asked) {
  try {
    return await asked;
  } catch (error) {
    if (error.code !== code) throw error;
    return instead;
  }
}

/** Adds to the counter and returns it. Adding 0 ensures that the value is the latest. */
async function change(delta) {
  for (;;) {
    const { value } = await unless(20, { value: 0 }, node.rpc("seq-kv", { type: "read", key }));
    const cas = { type: "cas", key, from: value, to: value + delta, create_if_not_exists: true };
    if (await unless(22, null, node.rpc("seq-kv", cas)) !== null) return value + delta;
  }
}

node.on("add", async ({ body }) => {
  await change(body.delta);
  return { type: "add_ok" };
});
node.on("read", async () => ({ type: "read_ok", value: await change(0) }));
node.run();
