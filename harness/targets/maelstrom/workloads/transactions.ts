/**
 * `txn-list-append` and `txn-rw-register`: clients that run transactions on lists or registers.
 *
 * @module
 */
import { checkTransactionModel, type HistoryEvent, type Verdict } from "../../../../checker/mod.ts";
import type { Random } from "../../../../raft/mod.ts";
import { freshNumber, happens, type Invocation } from "../../../workloads/workload.ts";
import { forHistory } from "../json.ts";
import { isSame } from "../services/key_value.ts";
import type { MaelstromSetup } from "../setup.ts";
import { type Clients, type MaelstromWorkload, request } from "./speech.ts";

/** A step: the operation, the key, and the value. */
type Micro = readonly ["append" | "w" | "r", number, unknown];

/** How many keys each last read takes. */
const FINAL_KEYS = 16;

/** Lists: no append undoes another, and a read shows all appends before it. */
export const txnListAppend: MaelstromWorkload = transactions("txn-list-append", "list-append", "append");

/** Registers: a write replaces the one before. */
export const txnRwRegister: MaelstromWorkload = transactions("txn-rw-register", "rw-register", "w");

function transactions(name: string, model: string, write: "append" | "w"): MaelstromWorkload {
  return {
    make(options, setup) {
      const keys = rotatingKeys(setup.keyCount ?? options.keys, setup.maxWritesPerKey);
      return {
        name,
        model,
        next(random): Invocation {
          const value = Array.from({ length: 1 + random.below(setup.maxTxnLength) }, (): Micro => {
            if (happens(random, options.readShare)) return ["r", keys.draw(random), null];
            const key = keys.draw(random);
            return [write, key, keys.write(key)];
          });
          return { f: "txn", value };
        },
        proof: (kind, events) => ({
          f: "txn",
          value: [kind === "read" ? ["r", 0, null] : [write, 0, freshNumber(events, writtenTo0)]],
        }),
        finalReads(events) {
          const asked = [...keysIn(events)].sort((a, b) => a - b);
          return Array.from({ length: Math.ceil(asked.length / FINAL_KEYS) }, (_, i) => {
            const some = asked.slice(i * FINAL_KEYS, (i + 1) * FINAL_KEYS);
            return { operation: { f: "txn", value: some.map((key): Micro => ["r", key, null]) } };
          });
        },
        judge: (events) => judgeAll(events, model, setup),
      };
    },
    clients: (): Clients => ({
      invoke(speaking) {
        const { operation: { value }, end, malformed } = speaking;
        const body = { type: "txn", txn: value };
        // A read-only transaction changes nothing.
        const isRead = (value as Micro[]).every(([f]) => f === "r");
        request(speaking, body, isRead, (answer) => {
          const { txn } = answer;
          const expected = expectedInstead(value as Micro[], txn, write === "append");
          if (expected !== null) return malformed(body, answer, expected);
          end({ type: "ok", value: forHistory(txn) });
        });
      },
    }),
  };
}

/**
 * What was expected instead of `txn` as the answer to these steps; `null` if it has the right form. What a read may
 * return is the judge's question, but a list's read is a list, or `null`.
 */
function expectedInstead(steps: readonly Micro[], txn: unknown, areLists: boolean): string | null {
  if (!Array.isArray(txn) || txn.length !== steps.length) return "a txn with every step of the request";
  for (const [i, [f, key, value]] of steps.entries()) {
    const step: unknown = txn[i];
    const isStep = Array.isArray(step) && step.length === 3 && step[0] === f && isSame(step[1], key);
    const hasValue = f !== "r"
      ? isStep && isSame(step[2], value)
      : isStep && (!areLists || step[2] === null || Array.isArray(step[2]));
    if (hasValue) continue;
    const found = f !== "r" ? JSON.stringify(value) : areLists ? "LIST OR null" : "VALUE";
    return `["${f}",${key},${found}] as step ${i + 1} of the txn`;
  }
  return null;
}

/** The highest value that a transaction writes to key 0. */
function writtenTo0({ f, value }: HistoryEvent): number | undefined {
  if (f !== "txn") return undefined;
  return Math.max(0, ...(value as Micro[]).filter(([, key]) => key === 0).map(([, , written]) => Number(written)));
}

/** Keys that are each replaced by a new one after this many writes. */
function rotatingKeys(count: number, writesMax: number): {
  draw(random: Random): number;
  write(key: number): number;
} {
  const current = Array.from({ length: count }, (_, i) => i);
  const written = new Map<number, number>();
  let begun = count;
  return {
    draw: (random) => current[random.below(current.length)]!,
    write(key) {
      const value = (written.get(key) ?? 0) + 1;
      written.set(key, value);
      if (value >= writesMax && current.includes(key)) current[current.indexOf(key)] = begun++;
      return value;
    },
  };
}

function keysIn(events: readonly HistoryEvent[]): Set<number> {
  const keys = new Set<number>();
  for (const { type, f, value } of events) {
    if (type === "invoke" && f === "txn") { for (const [, key] of value as Micro[]) keys.add(key); }
  }
  return keys;
}

/** One check for each requested consistency model. */
function judgeAll(
  events: readonly HistoryEvent[],
  model: string,
  { consistencyModels }: MaelstromSetup,
): Record<string, Verdict> {
  return Object.fromEntries(consistencyModels.map((consistencyModel) => [
    consistencyModels.length === 1 ? "transactions" : consistencyModel,
    checkTransactionModel(model, { events }, { consistencyModel }),
  ]));
}
