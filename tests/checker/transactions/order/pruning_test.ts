// What follows for the order of writes against all orders, serial and of snapshots, of small histories.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSessions, checkTransactions } from "../../../../checker/transactions/check.ts";
import type {
  RegisterOperation,
  SessionHistory,
  SessionTransaction,
} from "../../../../checker/transactions/read/session_history.ts";
import { isSerialOrder, isSnapshotOrder } from "../../../../checker/transactions/decide/serial_order.ts";
import { type EdgeList, rw } from "../../../../checker/transactions/graph/graph.ts";
import { chainsOf } from "../../../../checker/transactions/order/chains.ts";
import { addRealTime, addSessionOrder } from "../../../../checker/transactions/order/order_edges.ts";
import { prune } from "../../../../checker/transactions/order/pruning.ts";
import { contradictionInWindow } from "../../../../checker/transactions/order/windows.ts";
import { analyseRegisters, registerEdges } from "../../../../checker/transactions/order/rw_register.ts";
import { Findings } from "../../../../checker/transactions/read/findings.ts";
import { type Transactions, transactionsOfEvents } from "../../../../checker/transactions/read/transactions.ts";
import { tries } from "../../../corpus.ts";
import { execute, numbers, type Scheduler } from "../schedulers.ts";

const histories = tries("TRANSACTION_ORACLE_HISTORIES", 150);

const constraints = ["none", "process", "realtime"] as const;

/** Every order of moments that explains all reads and keeps to the constraint. */
function orders(
  history: Transactions,
  takesPart: Uint8Array,
  model: "serializable" | "snapshot-isolation",
  constraint: typeof constraints[number],
): number[][] {
  const found: number[][] = [];
  const isRight = model === "serializable" ? isSerialOrder : isSnapshotOrder;
  const extend = (order: readonly number[], left: readonly number[]): void => {
    if (left.length === 0 && isRight(history, order, constraint)) found.push([...order]);
    for (const moment of left) {
      const isTooEarly = model === "snapshot-isolation" && moment % 2 === 1 && left.includes(moment - 1);
      if (!isTooEarly) extend([...order, moment], left.filter((other) => other !== moment));
    }
  };
  const transactions = Array.from({ length: history.count }, (_, t) => t).filter((t) => takesPart[t]);
  extend([], model === "serializable" ? transactions : transactions.flatMap((t) => [2 * t, 2 * t + 1]));
  return found;
}

test("edges that pruning adds hold in every order that explains the history", () => {
  let added = 0, impossible = 0, inPart = 0;
  for (const scheduler of ["serial", "snapshot", "committed"] satisfies Scheduler[]) {
    for (let seed = 0; seed < histories; seed++) {
      const model = seed % 2 === 0 ? "serializable" : "snapshot-isolation";
      const transactions = model === "serializable" ? 3 + seed % 4 : 3 + seed % 2;
      const events = execute({ seed, scheduler, workload: "rw-register", transactions, clients: 3, keys: 2 });
      const history = transactionsOfEvents("rw-register", events);
      const { takesPart, touches, order } = analyseRegisters(history, new Findings(1), [], undefined, (event) => event);
      for (const constraint of constraints) {
        const edges: EdgeList = registerEdges(history, takesPart, touches, order);
        if (constraint !== "none") addSessionOrder(edges, history, takesPart);
        if (constraint === "realtime") addRealTime(edges, history, takesPart);
        const given = edges.count;
        const chains = chainsOf({ history, takesPart, edges }, constraint);

        const { outcome } = prune({ history, touches, chains, model, edges, stop: () => false });

        const all = orders(history, takesPart, model, constraint);
        const about = `${scheduler} ${seed}, ${model}, ${constraint}\n${JSON.stringify(events)}`;
        if (outcome === "cycle") assert.deepEqual(all, [], about);
        for (const size of constraint === "realtime" ? [] : [2, 3, 4, 100]) {
          const hasSessions = constraint === "process";
          const problem = { history, takesPart, touches, model, hasSessions, stop: () => false, size } as const;
          const found = contradictionInWindow(problem);
          if (found !== undefined) assert.deepEqual(all, [], `windows of ${size}: ${about}`);
          if (size < 100) inPart += found === undefined ? 0 : 1;
        }
        for (let e = given; e < edges.count; e++) {
          const [from, to, kind] = [edges.from[e]!, edges.to[e]!, edges.kind[e]!];
          const [before, after] = model === "serializable"
            ? [from, to]
            : kind === rw
            ? [2 * from, 2 * to + 1]
            : [2 * from + 1, 2 * to];
          const holds = all.every((each) => each.indexOf(before) < each.indexOf(after));
          assert.ok(holds, `${from} before ${to}: ${about}`);
        }
        added += all.length > 0 ? edges.count - given : 0;
        impossible += outcome === "cycle" ? 1 : 0;
      }
    }
  }
  const counted = `${added} edges, ${impossible} contradictions, ${inPart} in windows`;
  assert.ok(added > histories && impossible > 0 && inPart > 0, counted);
});

for (const clients of [40, 60]) {
  test(`a valid history of ${clients} clients on a few registers is proven to be so, not left open`, () => {
    for (let seed = 1; seed < 5; seed++) {
      const events = execute({
        seed,
        scheduler: "serial",
        workload: "rw-register",
        transactions: 1500,
        keys: 12,
        clients,
      });

      const verdict = checkTransactions(events, { workload: "rw-register" });

      assert.equal(verdict.valid, true, `seed ${seed}: ${verdict.reason}`);
    }
  });
}

test("a search that is told to stop leaves the question open", () => {
  const events = execute({
    seed: 1,
    scheduler: "serial",
    workload: "rw-register",
    transactions: 1500,
    keys: 12,
    clients: 60,
  });

  assert.equal(checkTransactions(events, { workload: "rw-register", stop: () => true }).valid, "unknown");
});

test("a writer that overlaps a reader is not placed before the version that the reader read", () => {
  const event = (process: number, type: "invoke" | "ok", value: unknown) => ({ process, type, f: "txn", value });
  const [first, reader, other] = [[["w", "y", 1]], [["r", "y", 1], ["w", "x", 1]], [["r", "x", null], ["w", "y", 2]]];
  const events = [
    ...[event(0, "invoke", first), event(0, "ok", first)],
    ...[event(1, "invoke", reader), event(2, "invoke", other), event(1, "ok", reader), event(2, "ok", other)],
  ];
  const history = transactionsOfEvents("rw-register", events);
  const { takesPart, touches, edges } = analyseRegisters(history, new Findings(1), [], undefined, (e) => e);
  addSessionOrder(edges, history, takesPart);
  addRealTime(edges, history, takesPart);
  const chains = chainsOf({ history, takesPart, edges }, "realtime");
  const problem = { history, touches, chains, edges, stop: () => false };

  assert.equal(prune({ ...problem, model: "snapshot-isolation" }).outcome, "open");
  assert.equal(prune({ ...problem, model: "serializable" }).outcome, "cycle");
});

/** Sessions that write without reading first; every so many transactions read what was there some commits before. */
function blindWrites(transactions: number, staleEvery: number): SessionHistory {
  const below = numbers(5);
  const sessions: SessionTransaction[][] = Array.from({ length: 20 }, () => []);
  const commits: number[][] = Array.from({ length: 100 }, () => []); // the values of each key, in order
  let value = 0;
  for (let t = 0; t < transactions; t++) {
    const isStale = staleEvery > 0 && t % staleEvery === staleEvery - 1;
    const own = new Map<number, number>();
    const operations = Array.from({ length: 6 }, (): RegisterOperation => {
      const key = below(100);
      const known = commits[key]!;
      if (below(2) === 0) {
        own.set(key, ++value);
        return ["w", key, value];
      }
      return ["r", key, own.get(key) ?? known.at(isStale ? -Math.min(known.length, 4) : -1) ?? 0];
    });
    for (const [key, last] of own) commits[key]!.push(last);
    sessions[below(20)]!.push({ operations, committed: true, line: 1 });
  }
  return { sessions, initial: 0 };
}

for (const consistencyModel of ["serializable", "strong-session-serializable", "snapshot-isolation"]) {
  test(`three thousand transactions of blind writes are proven to be ${consistencyModel}`, () => {
    assert.equal(checkSessions(blindWrites(3000, 0), { consistencyModel }).valid, true);
  });

  test(`a stale read among them is a cycle that ${consistencyModel} forbids`, () => {
    const { valid, anomalies } = checkSessions(blindWrites(3000, 200), { consistencyModel });

    assert.equal(valid, false);
    const cycles = Object.values(anomalies).flat().filter(({ steps }) => steps !== undefined);
    assert.ok(cycles.length > 0, Object.keys(anomalies).join());
  });
}
