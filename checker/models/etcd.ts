/**
 * The model of etcd's key-value store with revisions, transactions and leases, as its robustness tests record them.
 *
 * An operation's argument is a request, and its result a response, in the JSON of those tests (`EtcdRequest`,
 * `MaybeEtcdResponse`).
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import type { Model, Operation } from "./model.ts";

/** A value, the revision that wrote it, how often the key was written since it was created, and its lease. */
type Entry = readonly [value: string, modRevision: number, version: number, lease: number];

interface State {
  readonly revision: number;
  readonly entries: Readonly<Record<string, Entry>>;
  readonly leases: readonly number[];
}

/** The fields of a request or a response; a field that is left out has Go's zero value. */
type Fields = Readonly<Record<string, unknown>> | null | undefined;

/** The keys that a range covers. */
interface Range {
  readonly start: string;
  readonly end: string;
  readonly limit: number;
}

/** A new store: revision 1, and empty. */
const FRESH: State = { revision: 1, entries: {}, leases: [] };

/** The model `etcd`. */
export const etcd: Model<State> = {
  name: "etcd",
  initial: FRESH,
  observes: isRead,
  step(state, operation) {
    const request = operation.argument as Fields;
    const response = operation.type === "ok" ? operation.result as Fields : undefined;
    switch (operation.f) {
      case "range":
        return rangeStep(state, request?.["Range"] as Fields, response);
      case "txn":
        return txnStep(state, request?.["Txn"] as Fields, response);
      case "leaseGrant": {
        const lease = number((request?.["LeaseGrant"] as Fields)?.["LeaseID"]);
        return withRevision({ ...state, leases: [...state.leases, lease].sort((a, b) => a - b) }, response);
      }
      case "leaseRevoke":
        return withRevision(revoked(state, number((request?.["LeaseRevoke"] as Fields)?.["LeaseID"])), response);
      case "defragment":
      case "compact":
        return withRevision(state, response);
      default:
        throw new RangeError(
          `etcd has range, txn, leaseGrant, leaseRevoke, defragment and compact, not ${operation.f}`,
        );
    }
  },
  identify: ({ revision, entries, leases }) =>
    `${revision} ${leases} ${JSON.stringify(Object.keys(entries).sort().map((key) => [key, entries[key]]))}`,
};

function number(value: unknown): number {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A value, or the hash that replaces a long one. */
function valueText(value: unknown): string {
  if (typeof value !== "object" || value === null) return text(value);
  const { Value, Hash } = value as { Value?: unknown; Hash?: unknown };
  return number(Hash) !== 0 ? `#${number(Hash)}` : text(Value);
}

function isRead({ f, argument }: Operation): boolean {
  if (f === "range") return true;
  if (f !== "txn") return false;
  const txn = (argument as Fields)?.["Txn"] as Fields;
  return [...operationsOf(txn, "OperationsOnSuccess"), ...operationsOf(txn, "OperationsOnFailure")]
    .every((operation) => kindOf(operation) === "range");
}

/** The state, unless the response has another revision; -1 means that the response need not be the latest. */
function withRevision(state: State, response: Fields): readonly State[] {
  if (response === undefined || response === null) return [state];
  const revision = response["Revision"];
  return revision === undefined || number(revision) === -1 || number(revision) === state.revision ? [state] : [];
}

function rangeStep(state: State, request: Fields, response: Fields): readonly State[] {
  if (response === undefined || response === null) return [state];
  // A read of a past revision sees the state of that revision, which this model does not keep.
  if (number(request?.["Revision"]) !== 0) return [state];
  if (number(response["Revision"]) === -1) return [state];
  if (!showsRange(state, rangeOf(request), response["Range"] as Fields)) return [];
  return withRevision(state, response);
}

function rangeOf(options: Fields): Range {
  const start = text(options?.["Start"] ?? options?.["Key"]);
  const end = text(options?.["End"]);
  const isPrefix = options?.["WithPrefix"] === true;
  return { start, end: isPrefix ? endOfPrefix(start) : end, limit: number(options?.["Limit"]) };
}

/** The smallest key greater than all keys with a prefix. */
function endOfPrefix(prefix: string): string {
  return prefix === "" ? "\0" : prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

/** Whether a response shows the content of a range. */
function showsRange(state: State, { start, end, limit }: Range, shown: Fields): boolean {
  const isIn = (key: string): boolean => end === "" ? key === start : key >= start && (end === "\0" || key < end);
  const keys = Object.keys(state.entries).filter(isIn).sort();
  if (shown?.["Count"] !== undefined && number(shown["Count"]) !== keys.length) return false;
  const expected = limit > 0 ? keys.slice(0, limit) : keys;
  const found = (shown?.["KVs"] ?? []) as readonly Fields[];
  return found.length === expected.length && found.every((each, i) => {
    const [value, modRevision] = state.entries[expected[i]!]!;
    const isSame = text(each?.["Key"]) === expected[i] && valueText(each?.["Value"]) === value;
    return isSame && (each?.["ModRevision"] === undefined || number(each["ModRevision"]) === modRevision);
  });
}

function operationsOf(txn: Fields, branch: "OperationsOnSuccess" | "OperationsOnFailure"): readonly Fields[] {
  return (txn?.[branch] ?? []) as readonly Fields[];
}

/** `range`, `put` or `delete`. */
function kindOf(operation: Fields): string {
  return text(operation?.["Type"]).replace(/-operation$/, "").replace(/^get$/, "range");
}

function txnStep(state: State, request: Fields, response: Fields): readonly State[] {
  const conditions = (request?.["Conditions"] ?? []) as readonly Fields[];
  const holds = conditions.every((condition) => {
    const [, modRevision = 0, version = 0] = state.entries[text(condition?.["Key"])] ?? [];
    const asked = number(condition?.["ExpectedVersion"]);
    return asked > 0 ? version === asked : modRevision === number(condition?.["ExpectedRevision"]);
  });
  const told = response?.["Txn"] as Fields;
  if (told !== undefined && told !== null && (told["Failure"] === true) === holds) return [];
  const results = told?.["Results"] as readonly Fields[] | null | undefined;
  let next = state;
  let changes = false;
  for (const [i, operation] of operationsOf(request, holds ? "OperationsOnSuccess" : "OperationsOnFailure").entries()) {
    const done = operationStep(next, operation, state.revision + 1, results?.[i]);
    if (done === undefined) return [];
    changes ||= done !== next;
    next = done;
  }
  return withRevision(changes ? { ...next, revision: state.revision + 1 } : state, response);
}

/** The state after one operation of a transaction; undefined if its result is impossible. */
function operationStep(state: State, operation: Fields, revision: number, result: Fields): State | undefined {
  switch (kindOf(operation)) {
    case "range": {
      const range = rangeOf((operation?.["Range"] ?? operation) as Fields);
      return result === undefined || showsRange(state, range, result) ? state : undefined;
    }
    case "put": {
      const put = (operation?.["Put"] ?? operation) as Fields;
      const lease = number(put?.["LeaseID"]);
      if (lease !== 0 && !state.leases.includes(lease)) return state;
      const key = text(put?.["Key"]);
      const version = (state.entries[key]?.[2] ?? 0) + 1;
      return { ...state, entries: { ...state.entries, [key]: [valueText(put?.["Value"]), revision, version, lease] } };
    }
    case "delete": {
      const key = text(((operation?.["Delete"] ?? operation) as Fields)?.["Key"]);
      const isThere = Object.hasOwn(state.entries, key);
      if (result?.["Deleted"] !== undefined && number(result["Deleted"]) !== (isThere ? 1 : 0)) return undefined;
      return isThere ? { ...state, entries: without(state.entries, (each) => each === key) } : state;
    }
    default:
      throw new RangeError(
        `etcd's transactions have range, put and delete, not ${jsonOf(operation?.["Type"])}`,
      );
  }
}

function without(entries: State["entries"], isGone: (key: string) => boolean): State["entries"] {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => !isGone(key)));
}

/** The state after a lease is revoked: its keys are removed too. */
function revoked(state: State, lease: number): State {
  const entries = without(state.entries, (key) => state.entries[key]![3] === lease);
  const isLess = Object.keys(entries).length < Object.keys(state.entries).length;
  return {
    revision: isLess ? state.revision + 1 : state.revision,
    entries,
    leases: state.leases.filter((each) => each !== lease),
  };
}
