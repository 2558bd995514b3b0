#!/usr/bin/env node
// Challenge 2: unique ids. A node's name, a number drawn in each of its lives, and a count.
import { Node } from "./node.mjs";

const node = new Node();
let count = 0, life = "";
node.on("generate", () => {
  if (count++ === 0) life = Array.from({ length: 4 }, () => Math.floor(node.random() * 65536).toString(16)).join("");
  return { type: "generate_ok", id: `${node.id}-${life}-${count}` };
});
node.run();
