// A page with as much on it as a long run leaves behind, made up from a seed.
import { createRandom } from "../../raft/mod.ts";
import type { PageData } from "../../harness/report/page/data.ts";

const NODES = 5;

/** A page of so many operations and messages, a millisecond and a fifth of one apart. */
export function bigPage(operations: number, messages: number): PageData {
  const random = createRandom(1);
  const times = (count: number, step: number): number[] =>
    Array.from({ length: count }, (_, i) => i * step + random.below(step));
  const column = (count: number, below: number, from = 0): number[] =>
    Array.from({ length: count }, () => from + random.below(below));
  const start = times(operations, 1000), sent = times(messages, Math.floor(operations * 1000 / messages));
  const texts = Array.from({ length: 1000 }, (_, i) => `put k${i % 10} ${i}`);
  const end = operations * 1000 + 5000;
  return {
    kind: "run",
    head: {
      title: "many operations",
      word: "valid",
      says: "",
      facts: [],
      replay: null,
      checks: [],
      faults: [],
      coverage: [],
    },
    why: null,
    end,
    unit: "time",
    nodes: Array.from({ length: NODES }, (_, i) => i + 1),
    operations: {
      texts: [...texts, "", "k1"],
      start,
      end: start.map((time) => time + 500 + random.below(4000)),
      node: column(operations, NODES, 1),
      process: column(operations, 10),
      outcome: column(operations, 3),
      what: column(operations, 1000),
      result: Array.from({ length: operations }, () => 1000),
      key: Array.from({ length: operations }, () => 1001),
      place: Array.from({ length: operations }, (_, i) => 2 * i),
    },
    faults: Array.from({ length: 50 }, (_, i) => ({
      name: "partition:one",
      says: "",
      start: Math.floor(end * i / 50),
      end: Math.floor(end * (i + 0.5) / 50),
      nodes: [1 + i % NODES],
      cut: [],
    })),
    messages: {
      texts: ["append-request", ...texts],
      sent,
      arrived: sent.map((time) => random.below(10) === 0 ? -1 : time + 200 + random.below(800)),
      from: column(messages, NODES, 1),
      to: column(messages, NODES, 1),
      kind: Array.from({ length: messages }, () => 0),
      text: column(messages, 1000, 1),
      matters: column(messages, 2),
    },
    changes: Array.from({ length: 2000 }, (_, i) => ({
      time: Math.floor(end * i / 2000),
      node: 1 + i % NODES,
      text: `becomes follower in term ${Math.floor(i / 100)}`,
      role: i % 100 < 20 ? "leader" : "follower",
      term: Math.floor(i / 100),
    })),
    cycles: [],
    sweep: null,
    omitted: [],
  };
}
