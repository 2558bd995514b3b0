// The walk through time against all orders of small histories, and on long ones with much contention.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../../checker/transactions/check.ts";
import { orderInTime } from "../../../../checker/transactions/decide/order_in_time.ts";
import { isSerialOrder } from "../../../../checker/transactions/decide/serial_order.ts";
import { analyseRegisters } from "../../../../checker/transactions/order/rw_register.ts";
import { Findings } from "../../../../checker/transactions/read/findings.ts";
import { transactionsOfEvents } from "../../../../checker/transactions/read/transactions.ts";
import type { HistoryEvent } from "../../../../checker/history.ts";
import { tries } from "../../../corpus.ts";
import { isSerializable } from "../all_orders.ts";
import { execute, type Scheduler } from "../schedulers.ts";

/** Whether the walk finds an order, and it replays; undefined if it finds none. */
function found(events: readonly HistoryEvent[]): boolean | undefined {
  const history = transactionsOfEvents("rw-register", events);
  const { takesPart, touches } = analyseRegisters(history, new Findings(1), [], undefined, (event) => event);
  const order = orderInTime(history, takesPart, touches, () => false);
  return order && isSerialOrder(history, order, "realtime");
}

test("the walk finds an order for nearly every small history that has one, and none for others", () => {
  let serializable = 0, ordered = 0, others = 0;
  for (const scheduler of ["serial", "snapshot", "committed"] satisfies Scheduler[]) {
    for (let seed = 0; seed < tries("TRANSACTION_ORACLE_HISTORIES", 150); seed++) {
      const transactions = 3 + seed % 5;
      const events = execute({
        seed,
        scheduler,
        workload: "rw-register",
        transactions,
        clients: 2 + seed % 4,
        keys: 2,
      });
      const isFound = found(events) === true;
      if (isSerializable(events, "realtime")) {
        serializable++;
        if (isFound) ordered++;
      } else {
        others++;
        assert.equal(isFound, false, `${scheduler}, seed ${seed}`);
      }
    }
  }
  assert.ok(serializable > others && others > 0, `${serializable}, ${others}`);
  assert.ok(ordered >= 0.99 * serializable, `${ordered} of ${serializable}`);
});

test("the walk finds the order of long histories in which many clients are at few keys", () => {
  for (let seed = 0; seed < 6; seed++) {
    const clients = 10 + 5 * (seed % 3);
    const events = execute({
      seed,
      scheduler: "serial",
      workload: "rw-register",
      transactions: 1500,
      clients,
      keys: 3,
    });
    assert.equal(found(events), true, `seed ${seed}`);
  }
});

test("a given order of transactions counts where another order would explain the reads", () => {
  const event = (process: number, type: "invoke" | "ok", value: unknown) => ({ process, type, f: "txn", value });
  const events = [
    event(0, "invoke", [["r", "x", null], ["w", "y", 2]]),
    event(1, "invoke", [["w", "x", 3], ["w", "y", 4]]),
    event(0, "ok", [["r", "x", null], ["w", "y", 2]]),
    event(1, "ok", [["w", "x", 3], ["w", "y", 4]]),
  ];
  const judge = (options: object): unknown =>
    checkTransactions(events, { workload: "rw-register", consistencyModel: "serializable", ...options }).valid;
  assert.equal(judge({}), true);
  assert.equal(judge({ versionOrder: ["transaction-order"], transactionOrder: [1, 0] }), false);
});
