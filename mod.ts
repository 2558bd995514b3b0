/**
 * A Raft that any TypeScript program can embed, and a judge that proves what clients saw.
 *
 * The core is here name by name; the judge is `checker`. Importing this reaches no file, socket or timer, and does
 * nothing, so it runs in a browser too. What hosts the core stands in `@kayadb/raft/server` and `@kayadb/raft/node`;
 * what breaks systems on purpose, in `@kayadb/raft/sim` and `@kayadb/raft/harness`.
 *
 * @example A cluster of one, and a history that is not linearizable
 * ```ts
 * import { checker, nodeId, RaftNode } from "@kayadb/raft";
 * import assert from "node:assert/strict";
 *
 * const node = new RaftNode({ id: nodeId(1), peers: [] });
 * while (node.role !== "leader") node.tick();
 * node.propose(new TextEncoder().encode("hello"));
 * node.broadcast();
 * assert.equal(node.drainApplied().length, 1);
 *
 * const verdict = checker.checkLinearizability([
 *   { process: 0, type: "invoke", f: "write", value: 1 },
 *   { process: 0, type: "ok", f: "write", value: 1 },
 *   { process: 1, type: "invoke", f: "read" },
 *   { process: 1, type: "ok", f: "read", value: 2 },
 * ], checker.modelByName("register"));
 * assert.equal(verdict.valid, false);
 * ```
 *
 * @module
 */
export * from "./raft/mod.ts";
export * as checker from "./checker/mod.ts";
