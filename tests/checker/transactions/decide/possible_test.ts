// What a verdict lists as still possible was decided to hold, by the model's own definition.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTransactions } from "../../../../checker/transactions/check.ts";
import { modelsBelow } from "../../../../checker/transactions/levels/consistency_models.ts";
import { tries } from "../../../corpus.ts";
import { type Constraint, isSerializable, isSnapshotIsolated } from "../all_orders.ts";
import { parseShorthand } from "../elle_shorthand.ts";
import { execute, type Scheduler } from "../schedulers.ts";

const histories: {
  what: string;
  workload: "list-append" | "rw-register";
  history: string;
  possible: readonly string[];
  impossible: readonly string[];
}[] = [
  {
    what: "half of a transaction is seen",
    workload: "list-append",
    history: "all concurrent: ax1ay1|rx1ry",
    possible: ["cursor-stability", "read-committed"],
    impossible: ["read-atomic", "update-atomic", "causal-cerone", "causal", "prefix", "monotonic-view"],
  },
  {
    what: "half of a register transaction is seen",
    workload: "rw-register",
    history: "all concurrent: wx1wy1|rx1ry_",
    possible: ["read-committed"],
    impossible: ["read-atomic", "update-atomic", "causal-cerone", "prefix", "sequential", "linearizable"],
  },
  {
    what: "an update is lost",
    workload: "list-append",
    history: "all concurrent: rxax1|rxax2|rx12",
    possible: ["read-atomic", "causal-cerone"],
    impossible: ["update-atomic", "cursor-stability", "parallel-snapshot-isolation", "snapshot-isolation"],
  },
  {
    what: "a fork is long",
    workload: "list-append",
    history: "all concurrent: ax1|ay1|rx1ry|ry1rx",
    possible: ["parallel-snapshot-isolation", "update-atomic", "consistent-view", "causal"],
    impossible: ["prefix", "snapshot-isolation", "sequential", "view-serializable"],
  },
  {
    what: "writes are skewed",
    workload: "list-append",
    history: "all concurrent: rxay1|ryax1",
    possible: ["snapshot-isolation", "prefix", "parallel-snapshot-isolation"],
    impossible: ["serializable", "update-serializable", "1SR", "session-serializable"],
  },
  {
    what: "a session misses its own write",
    workload: "list-append",
    history: "seq p0:ax1|p0:rx|p1:rx1",
    possible: ["serializable", "monotonic-reads"],
    impossible: ["read-your-writes", "PRAM", "causal", "strong-session-snapshot-isolation"],
  },
  {
    what: "a session's cause is missed",
    workload: "list-append",
    history: "seq p0:ax1|p2:rx1|p2:ay1|p1:ry1rx",
    possible: ["PRAM", "serializable"],
    impossible: ["writes-follow-reads", "causal", "sequential"],
  },
  {
    what: "an aborted write is read",
    workload: "list-append",
    history: "all concurrent: fail ax1|rx1",
    possible: ["read-uncommitted"],
    impossible: ["read-committed", "read-atomic", "prefix"],
  },
];

for (const { what, workload, history, possible, impossible } of histories) {
  test(`where ${what}, what is listed as possible was decided`, () => {
    const { events } = parseShorthand(history, workload);
    const verdict = checkTransactions(events, { workload });
    assert.equal(verdict.valid, false);
    const held = modelsBelow(verdict.remaining);
    assert.deepEqual(possible.filter((model) => !held.has(model)), [], `held are ${[...held]}`);
    assert.deepEqual(impossible.filter((model) => held.has(model)), [], `held are ${[...held]}`);
  });
}

test("ambiguous values leave no model that is listed as possible", () => {
  const { events } = parseShorthand("seq p0:wx1|p1:wx1|p2:wy1ry2", "rw-register");
  assert.deepEqual(checkTransactions(events, { workload: "rw-register" }).remaining, []);
});

test("a valid history lists the model that was asked for, not stronger ones", () => {
  const { events } = parseShorthand("seq p0:ax1|p1:rx1", "list-append");
  for (const consistencyModel of ["read-committed", "serializable", "strong-serializable"]) {
    assert.deepEqual(checkTransactions(events, { consistencyModel }).remaining, [consistencyModel]);
  }
});

const runs = tries("TRANSACTION_ORACLE_HISTORIES", 150) / 3;
const orders: [string, (events: Parameters<typeof isSerializable>[0], order: Constraint) => boolean, Constraint][] = [
  ["serializable", isSerializable, "none"],
  ["strong-session-serializable", isSerializable, "process"],
  ["snapshot-isolation", isSnapshotIsolated, "none"],
  ["strong-session-snapshot-isolation", isSnapshotIsolated, "process"],
  ["strong-snapshot-isolation", isSnapshotIsolated, "realtime"],
];

for (const workload of ["list-append", "rw-register"] as const) {
  for (const scheduler of ["snapshot", "committed", "uncommitted"] as Scheduler[]) {
    test(`${workload}: what is listed under a ${scheduler} scheduler agrees with all orders and with asking`, () => {
      let listed = 0;
      for (let seed = 5000; seed < 5000 + runs; seed++) {
        const events = execute({ seed, scheduler, workload, transactions: 3 + seed % 5 });
        const verdict = checkTransactions(events, { workload });
        if (verdict.valid !== false) continue;
        const held = modelsBelow(verdict.remaining);
        for (const [model, holds, order] of orders) {
          assert.equal(held.has(model), holds(events, order), `seed ${seed}, ${model}\n${JSON.stringify(events)}`);
        }
        for (const consistencyModel of verdict.remaining) {
          const asked = checkTransactions(events, { workload, consistencyModel });
          assert.equal(asked.valid, true, `seed ${seed}, ${consistencyModel}: ${asked.reason}`);
          listed++;
        }
        for (const consistencyModel of ["read-atomic", "causal-cerone", "causal", "prefix"]) {
          const asked = checkTransactions(events, { workload, consistencyModel });
          if (asked.valid === false) assert.ok(!held.has(consistencyModel), `seed ${seed}, ${consistencyModel}`);
        }
      }
      assert.ok(listed > 0);
    });
  }
}
