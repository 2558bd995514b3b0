#!/usr/bin/env node
// Challenge 2: unique ids. An id is the node's name, a number drawn at each start, and a count.
import { Node } from "./node.mjs";

const node = new Node();
let count = 0, life = "";
node.on("generate", () => {
  if (count++ === 0) life = Array.from({ length: 4 }, () => Math.floor(node.random() * 65536).toString(16)).join("");
  return { type: "generate_ok", id: `${node.id}-${life}-${count}` };
});
node.run();
