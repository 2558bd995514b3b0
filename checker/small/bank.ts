/**
 * Jepsen's bank: clients transfer money between accounts, and all reads of all accounts must have the same total.
 *
 * @module
 */
import { isExactlySummed } from "../exact.ts";
import type { HistoryEvent } from "../history.ts";
import {
  assertHasAny,
  type IndexedEvent,
  misfit,
  neverRead,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

/** The options of the check. */
export interface BankOptions {
  /** The total of all accounts. Default: that of the first read. */
  readonly totalAmount?: number;
  /** The accounts. Default: those of the first read. */
  readonly accounts?: readonly unknown[];
  /** Whether an account may be overdrawn. Default: false. */
  readonly negativeBalances?: boolean;
}

/**
 * Judges reads of the form `{ account: balance, ... }`; transfers are ignored. Without a read the verdict is
 * `"unknown"`.
 *
 * @returns In `found`: `readCount`, `totalAmount`, and under `errors`, by kind (`unexpected-key`, `nil-balance`,
 * `wrong-total`, `negative-value`), the count and the first case.
 * @throws {TypeError} If the history has neither reads nor transfers, or a read has another form.
 */
export function checkBank(history: readonly HistoryEvent[], options: BankOptions = {}): WorkloadVerdict {
  const operations = operationsOf(history);
  assertHasAny("bank", operations, ["read", "transfer"]);
  const reads = operations.filter(({ f, end, completion }) => f === "read" && end === "ok" && hasBalances(completion!));
  if (reads.length === 0) {
    return workloadVerdict("bank", operations, { ...neverRead(operations, "the bank"), found: { readCount: 0 } });
  }
  const first = reads[0]!.completion!.value as Record<string, unknown>;
  const accounts = new Set((options.accounts ?? Object.keys(first)).map(String));
  const totalAmount = options.totalAmount ?? sum(Object.values(first));
  const errors: Record<string, { count: number; first: unknown }> = {};
  for (const { completion } of reads) {
    const error = errorOf(
      completion!.value as Record<string, unknown>,
      accounts,
      totalAmount,
      options.negativeBalances ?? false,
    );
    if (error === undefined) continue;
    const known = errors[error.type];
    if (known === undefined) {
      errors[error.type] = { count: 1, first: { index: completion!.index, balances: completion!.value, ...error } };
    } else known.count++;
  }
  const kinds = Object.keys(errors);
  return workloadVerdict("bank", operations, {
    valid: kinds.length === 0,
    reason: `reads of the bank are wrong: ${kinds.join(", ").replaceAll("-", " ")}`,
    found: { readCount: reads.length, totalAmount, errors },
  });
}

function hasBalances(event: IndexedEvent): boolean {
  const { value } = event;
  if (value === null || value === undefined) return false;
  const isBalance = (balance: unknown): boolean => balance === null || isExactlySummed(balance);
  if (typeof value === "object" && !Array.isArray(value) && Object.values(value).every(isBalance)) return true;
  throw misfit("bank", event, "a read of balances, whole numbers by account", value);
}

function sum(balances: readonly unknown[]): number {
  return balances.reduce<number>((total, balance) => total + (typeof balance === "number" ? balance : 0), 0);
}

function errorOf(
  balances: Record<string, unknown>,
  accounts: ReadonlySet<string>,
  totalAmount: number,
  negativeBalances: boolean,
): { type: string; detail: unknown } | undefined {
  const unexpected = Object.keys(balances).filter((account) => !accounts.has(account));
  if (unexpected.length > 0) return { type: "unexpected-key", detail: unexpected };
  const missing = Object.keys(balances).filter((account) =>
    balances[account] === null || balances[account] === undefined
  );
  if (missing.length > 0) return { type: "nil-balance", detail: missing };
  const total = sum(Object.values(balances));
  if (total !== totalAmount) return { type: "wrong-total", detail: total };
  const negative = Object.values(balances).filter((balance) => typeof balance === "number" && balance < 0);
  return !negativeBalances && negative.length > 0 ? { type: "negative-value", detail: negative } : undefined;
}
