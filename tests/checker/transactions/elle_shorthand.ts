// Elle's unit cases in the shorthand of elle-cases.tsv, as histories and options.
import type { HistoryEvent } from "../../../checker/history.ts";
import type { TransactionOptions } from "../../../checker/transactions/check.ts";
import type { VersionOrderSource } from "../../../checker/transactions/order/version_order.ts";

type Operation = [string, string, unknown];

export interface ShorthandTransaction {
  type: "ok" | "fail" | "info";
  process: number | undefined;
  value: Operation[];
}

/** `ax1rx12ry` over lists, `wx1rx1ry_` over registers. */
export function parseOperations(text: string, workload: string): Operation[] {
  const operations: Operation[] = [];
  const pattern = /([awr])([a-z])(_|\d*)/gy;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, f, key, digits] = match as unknown as [string, string, string, string];
    end = pattern.lastIndex;
    if (whole.length === 0) break;
    if (f === "a") operations.push(["append", key, Number(digits)]);
    else if (f === "w") operations.push(["w", key, Number(digits)]);
    else if (workload === "list-append") {
      operations.push(["r", key, digits === "" || digits === "_" ? null : [...digits].map(Number)]);
    } else operations.push(["r", key, digits === "" || digits === "_" ? null : Number(digits)]);
  }
  if (end !== text.length) throw new Error(`Cannot read the operations ${text}: stopped at ${end}`);
  return operations;
}

function parseTransaction(text: string, workload: string): ShorthandTransaction {
  let rest = text.trim();
  let type: ShorthandTransaction["type"] = "ok";
  let process: number | undefined;
  for (;;) {
    const prefix = /^(?:(ok|fail|info)|p(\d+))(?::\s*|\s+)/.exec(rest);
    if (prefix === null) break;
    if (prefix[1] !== undefined) type = prefix[1] as typeof type;
    else process = Number(prefix[2]);
    rest = rest.slice(prefix[0].length);
  }
  return { type, process, value: parseOperations(rest, workload) };
}

/** The transactions and the events of a history. */
export function parseShorthand(
  history: string,
  workload: string,
): { transactions: ShorthandTransaction[]; events: HistoryEvent[] } {
  const opening = /^(?:(seq|bare|all concurrent|concurrent)(?::\s*|\s+)|nested\s*\(([^)]*)\):?\s*)/.exec(history);
  const body = opening === null ? history : history.slice(opening[0].length);
  const transactions = body.split("|").map((text) => parseTransaction(text, workload));
  const mode = opening === null ? "bare" : opening[1] ?? "nested";
  const steps: [number, "invoke" | "end"][] = [];
  if (mode === "seq") transactions.forEach((_, t) => steps.push([t, "invoke"], [t, "end"]));
  else if (mode === "bare") transactions.forEach((_, t) => steps.push([t, "end"]));
  else if (mode === "nested") {
    for (const part of opening![2]!.split(",")) {
      const match = /^\s*t(\d+)\s+(inv|invoke|ok|fail|info|end)\s*$/.exec(part);
      if (match === null) throw new Error(`Cannot read ${part} in the order of events`);
      steps.push([Number(match[1]) - 1, match[2]!.startsWith("inv") ? "invoke" : "end"]);
    }
  } else {
    transactions.forEach((_, t) => steps.push([t, "invoke"]));
    transactions.forEach((_, t) => steps.push([t, "end"]));
  }
  // Transactions that overlap cannot be of one process; where the case does not say, each has its own.
  const overlap = mode !== "seq" && mode !== "bare";
  const events = steps.map(([t, step], index): HistoryEvent => {
    const { type, process, value } = transactions[t]!;
    return {
      index,
      time: index,
      process: process ?? (overlap ? 100 + t : 0),
      type: step === "invoke" ? "invoke" : type,
      f: "txn",
      value: step === "invoke" ? value.map(([f, key, v]) => f === "r" ? [f, key, null] : [f, key, v]) : value,
    };
  });
  return { transactions, events };
}

/** Whether some read returned what nobody wrote. */
export function readsThinAir(transactions: readonly ShorthandTransaction[]): boolean {
  const written = new Set(
    transactions.flatMap(({ value }) => value.filter(([f]) => f !== "r").map(([, key, v]) => `${key} ${v}`)),
  );
  return transactions.some(({ type, value }) =>
    type === "ok" &&
    value.some(([f, key, v]) =>
      f === "r" && v !== null && (Array.isArray(v) ? v : [v]).some((each) => !written.has(`${key} ${each}`))
    )
  );
}

/** The options of a case: more than one where it says `or`, and more than one at once where it names several models. */
export function parseOptions(text: string, workload: string): TransactionOptions[][] {
  let rest = text;
  const shared: { versionOrder: VersionOrderSource[]; transactionOrder?: number[] } = { versionOrder: [] };
  rest = rest.replace(/transaction-order\s*\{([^}]*)\}/, (_, pairs: string) => {
    const places: number[] = [];
    for (const pair of pairs.split(",")) {
      const [transaction, place] = pair.trim().split(/\s+/).map(Number) as [number, number];
      places[transaction] = place;
    }
    shared.versionOrder.push("transaction-order");
    shared.transactionOrder = places;
    return "";
  });
  rest = rest.replace(/\b(wfr-keys|sequential-keys|linearizable-keys)\b/g, (name) => {
    shared.versionOrder.push(name as VersionOrderSource);
    return "";
  });
  const base = { workload: workload as "list-append" | "rw-register", ...shared };
  const alternatives = rest.split(/\bor\b/).map((part) => part.trim()).filter((part) => part !== "");
  if (alternatives.length === 0) return [[base]];
  return alternatives.map((part): TransactionOptions[] => {
    const list = /^(?:anomalies\s*)?\[([^\]]*)\]$/.exec(part);
    if (list !== null) return [{ ...base, anomalies: list[1]!.split(/[\s,]+/).filter((name) => name !== "") }];
    return part.split(/[\s,]+/).map((consistencyModel) => ({ ...base, consistencyModel }));
  });
}
