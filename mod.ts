/**
 * A Raft that any TypeScript program can embed, a simulator that breaks it on purpose, and a judge that proves what clients saw.
 *
 * Everything of `@kayadb/raft/raft`, `@kayadb/raft/checker` and `@kayadb/raft/harness` in one import; importing it does
 * nothing. Each of the three opens with what it is for, and an example; who needs one of them imports only that.
 *
 * @module
 */
export * from "./raft/mod.ts";
export * from "./checker/mod.ts";
export * from "./harness/mod.ts";
