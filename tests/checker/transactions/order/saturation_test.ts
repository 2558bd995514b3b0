import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../../checker/transactions/check.ts";
import { Findings } from "../../../../checker/transactions/read/findings.ts";
import { EdgeList } from "../../../../checker/transactions/graph/graph.ts";
import { analyseRegisters } from "../../../../checker/transactions/order/rw_register.ts";
import { saturate } from "../../../../checker/transactions/order/saturation.ts";
import { isSerialOrder } from "../../../../checker/transactions/decide/serial_order.ts";
import { type Transactions, transactionsOfEvents } from "../../../../checker/transactions/read/transactions.ts";
import { tries } from "../../../corpus.ts";
import { execute, type Scheduler } from "../schedulers.ts";

const histories = tries("TRANSACTION_ORACLE_HISTORIES", 150);

/** Every order of the transactions that take part which explains all reads and keeps to real time. */
function serialOrders(history: Transactions, takesPart: Uint8Array): number[][] {
  const orders: number[][] = [];
  const extend = (order: readonly number[], left: readonly number[]): void => {
    if (left.length === 0 && isSerialOrder(history, order, "realtime")) orders.push([...order]);
    for (const t of left) extend([...order, t], left.filter((other) => other !== t));
  };
  extend([], Array.from({ length: history.count }, (_, t) => t).filter((t) => takesPart[t]));
  return orders;
}

test("what saturation adds holds in every serial order, whatever the size of its windows", () => {
  let added = 0, impossible = 0;
  for (const scheduler of ["serial", "snapshot"] satisfies Scheduler[]) {
    for (let seed = 0; seed < histories; seed++) {
      const events = execute({
        seed,
        scheduler,
        workload: "rw-register",
        transactions: 3 + seed % 4,
        clients: 4,
        keys: 2,
      });
      const history = transactionsOfEvents("rw-register", events);
      const { takesPart, touches } = analyseRegisters(history, new Findings(1), [], undefined, (event) => event);
      const orders = serialOrders(history, takesPart);
      for (const size of [2, 3, 4, 100]) {
        const edges = new EdgeList(history.count);

        const isPossible = saturate(edges, history, takesPart, touches, size);

        const about = `${scheduler} ${seed}, windows of ${size}\n${JSON.stringify(events)}`;
        if (!isPossible) assert.deepEqual(orders, [], about);
        for (let e = 0; e < edges.count; e++) {
          const [from, to] = [edges.from[e]!, edges.to[e]!];
          assert.ok(orders.every((order) => order.indexOf(from) < order.indexOf(to)), `${from} before ${to}: ${about}`);
        }
        added += orders.length > 0 ? edges.count : 0;
        impossible += isPossible ? 0 : 1;
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
