#!/usr/bin/env node
// The command `kaya-raft` for Node and Bun: from the npm package, or from a clone (npm start -- FLAGS).
// It is plain JavaScript that any Node reads, so that one that is too old says so in one line.
import { existsSync } from "node:fs";
import process from "node:process";

const compiled = new URL("./harness/main.js", import.meta.url);
const isPackage = existsSync(compiled);
const numbers = process.versions.node.split(".").map(Number);
const needed = isPackage ? [20, 0] : [22, 18]; // a clone's files are TypeScript, which Node runs from 22.18 on
const isOld = numbers[0] < needed[0] || (numbers[0] === needed[0] && numbers[1] < needed[1]);

if (isOld && process.versions.bun === undefined) {
  const instead = isPackage ? "npx -y -p node@24 -p @kayadb/raft kaya-raft" : "npx -y deno@2.9.6 run harness/main.ts";
  process.stderr.write(
    "kaya-raft needs Node " + needed.join(".") + " or newer here, and this is Node " + process.versions.node +
      ". This works: " + instead + "\n",
  );
  process.exitCode = 254;
} else {
  await import(isPackage ? compiled.href : new URL("./harness/main.ts", import.meta.url).href);
}
