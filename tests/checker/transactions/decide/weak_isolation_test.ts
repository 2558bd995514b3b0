// The weak levels against their definitions, tried on every order of commits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSessions } from "../../../../checker/transactions/check.ts";
import type {
  RegisterOperation,
  SessionHistory,
  SessionTransaction,
} from "../../../../checker/transactions/read/session_history.ts";
import { tries } from "../../../corpus.ts";
import { numbers } from "../schedulers.ts";

const histories = tries("TRANSACTION_WEAK_HISTORIES", 800);

/** Sessions of transactions that read some write or other; each key is written by a first session of its own. */
function random(seed: number): SessionHistory {
  const below = numbers(seed);
  const keys = 2 + below(2);
  let value = 0;
  const first: SessionTransaction = {
    operations: Array.from({ length: keys }, (_, key): RegisterOperation => ["w", key, -1 - key]),
    committed: true,
    line: 1,
  };
  const written: number[][] = Array.from({ length: keys }, (_, key) => [-1 - key]);
  const sessions = Array.from(
    { length: 1 + below(3) },
    () =>
      Array.from(
        { length: 1 + below(2) },
        () =>
          Array.from({ length: 1 + below(3) }, (): { isWrite: boolean; key: number; value: number } => {
            const key = below(keys);
            const isWrite = below(2) === 0;
            if (isWrite) {
              written[key]!.push(++value);
            }
            return { isWrite, key, value };
          }),
      ),
  );
  const filled = sessions.map((session) =>
    session.map((operations): SessionTransaction => {
      const own = new Map<number, number>();
      return {
        committed: true,
        line: 1,
        operations: operations.map(({ isWrite, key, value }): RegisterOperation => {
          if (isWrite) own.set(key, value);
          return isWrite ? ["w", key, value] : ["r", key, own.get(key) ?? written[key]![below(written[key]!.length)]];
        }),
      };
    })
  );
  return { sessions: [[first], ...filled], initial: null };
}

interface Flat {
  session: number;
  place: number;
  operations: readonly RegisterOperation[];
}

/** The level by its definition: some order of commits, which reads and sessions agree with, gives every read the latest write that the level lets it see. */
function holds(level: "read-committed" | "read-atomic" | "causal", history: SessionHistory): boolean {
  const all: Flat[] = history.sessions.flatMap((session, number) =>
    session.map(({ operations }, place) => ({ session: number, place, operations }))
  );
  const writes = (t: Flat, key: unknown) => t.operations.some(([f, k]) => f === "w" && k === key);
  const last = (t: Flat, key: unknown) => t.operations.findLast(([f, k]) => f === "w" && k === key)?.[2];
  const writerOf = (key: unknown, value: unknown) =>
    all.find((t) => t.operations.some(([f, k, v]) => f === "w" && k === key && v === value));
  // Reads of states within a transaction, and of what the reader has yet to write, no level has.
  for (const t of all) {
    const isWrong = t.operations.some(([f, key, value], at) => {
      if (f !== "r") return false;
      const writer = writerOf(key, value)!;
      return writer === t
        ? !t.operations.slice(0, at).some(([g, k, v]) => g === "w" && k === key && v === value)
        : last(writer, key) !== value;
    });
    if (isWrong) return false;
  }
  const readsFrom = (a: Flat, b: Flat) =>
    a !== b && b.operations.some(([f, key, value]) => f === "r" && writerOf(key, value) === a);
  const before = (a: Flat, b: Flat) => (a.session === b.session && a.place < b.place) || readsFrom(a, b);
  const reach = all.map((a) => all.map((b) => before(a, b)));
  for (let k = 0; k < all.length; k++) {
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < all.length; j++) reach[i]![j] ||= reach[i]![k]! && reach[k]![j]!;
    }
  }
  if (all.some((_, i) => reach[i]![i])) return false;
  const forced: [Flat, Flat][] = [];
  all.forEach((t3, i3) => {
    t3.operations.forEach(([f, key, value], at) => {
      const t1 = f === "r" ? writerOf(key, value)! : t3;
      if (t1 === t3) return;
      all.forEach((t2, i2) => {
        if (t2 === t1 || t2 === t3 || !writes(t2, key)) return;
        const sees = level === "causal"
          ? reach[i2]![i3]
          : level === "read-atomic"
          ? before(t2, t3)
          : t3.operations.slice(0, at).some(([g, k, v]) => g === "r" && writerOf(k, v) === t2);
        if (sees) forced.push([t2, t1]);
      });
    });
  });
  const search = (left: readonly Flat[]): boolean =>
    left.length === 0 ||
    left.some((next) =>
      left.every((other) =>
        other === next ||
        (!reach[all.indexOf(other)]![all.indexOf(next)] && !forced.some(([a, b]) => a === other && b === next))
      ) &&
      search(left.filter((other) => other !== next))
    );
  return search(all);
}

for (const level of ["read-committed", "read-atomic", "causal"] as const) {
  test(`${level} is judged as by its definition`, () => {
    const seen = new Set<boolean>();
    for (let seed = 0; seed < histories; seed++) {
      const history = random(seed);
      const truth = holds(level, history);
      seen.add(truth);
      const verdict = checkSessions(history, { consistencyModel: level });
      assert.equal(
        verdict.valid,
        truth,
        `seed ${seed}: ${verdict.reason}\n${
          JSON.stringify(history.sessions.map((session) => session.map((t) => t.operations)))
        }`,
      );
    }
    assert.deepEqual([...seen].sort(), [false, true]);
  });
}

test("twenty thousand operations in fifty sessions are judged at every weak level", () => {
  const below = numbers(3);
  const sessions: SessionTransaction[][] = Array.from({ length: 50 }, () => []);
  const state = new Map<number, number>();
  for (let t = 0; t < 4_000; t++) {
    const operations = Array.from({ length: 5 }, (_, i): RegisterOperation => {
      const key = below(500);
      if (state.has(key) && below(2) === 0) return ["r", key, state.get(key)];
      state.set(key, t * 5 + i);
      return ["w", key, t * 5 + i];
    });
    sessions[below(50)]!.push({ operations, committed: true, line: 1 });
  }
  for (const consistencyModel of ["read-committed", "read-atomic", "causal"]) {
    assert.equal(checkSessions({ sessions, initial: null }, { consistencyModel }).valid, true, consistencyModel);
  }
});
