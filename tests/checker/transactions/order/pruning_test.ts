// What follows for the order of writes against all orders, serial and of snapshots, of small histories.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../../checker/transactions/check.ts";
import { isSerialOrder, isSnapshotOrder } from "../../../../checker/transactions/decide/serial_order.ts";
import { type EdgeList, rw } from "../../../../checker/transactions/graph/graph.ts";
import { chainsOf } from "../../../../checker/transactions/order/chains.ts";
import { addRealTime, addSessionOrder } from "../../../../checker/transactions/order/order_edges.ts";
import { prune } from "../../../../checker/transactions/order/pruning.ts";
import { analyseRegisters, registerEdges } from "../../../../checker/transactions/order/rw_register.ts";
import { Findings } from "../../../../checker/transactions/read/findings.ts";
import { type Transactions, transactionsOfEvents } from "../../../../checker/transactions/read/transactions.ts";
import { tries } from "../../../corpus.ts";
import { execute, type Scheduler } from "../schedulers.ts";

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

test("what pruning adds holds in every order that explains the history", () => {
  let added = 0, impossible = 0;
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
  assert.ok(added > histories && impossible > 0, `${added} edges, ${impossible} contradictions`);
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
