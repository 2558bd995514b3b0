import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom, type Random } from "../../../raft/mod.ts";
import type { ClientReply } from "../../../server/replica/client.ts";
import { submitRequest } from "../../../server/store/client.ts";
import { createKvStore, partReply } from "../../../server/store/kv_store.ts";
import type { Operation } from "../../../server/store/operation.ts";
import { decodeCommand, encodeOperation, isReadCommand } from "../../../server/store/store_command.ts";
import { tries } from "../../corpus.ts";

/** One right operation of each kind. */
const RIGHT: readonly Operation[] = [
  { f: "get", key: "a" },
  { f: "delete", key: "\xff" },
  { f: "take", key: "" },
  { f: "put", key: "a", value: "\xe9" },
  { f: "put", key: "a", value: 7 },
  { f: "cas", key: "a", value: [null, ["x", 1.5, "\u2603"]] },
  { f: "add", key: "a", value: "12" },
  { f: "add", key: "a", value: -3 },
  { f: "set-add", key: "a", value: null },
  { f: "set-if", key: "a", value: ["v", 15, null] },
  { f: "get-many", value: ["a", "b"] },
  { f: "delete-many", value: [] },
  { f: "put-many", value: [["a", "1"], ["b", "2"]] },
  { f: "txn", value: [["r", "a", null], ["append", 5, "x"], ["w", "b", [1]]] },
  { f: "txn", value: [["r", "a"]] },
  { f: "size" },
  { f: "scan", value: [null, 1, "*"] },
  { f: "scan", value: ["a", 10_000, "?"] },
  { f: "all", value: [{ f: "get", key: "a" }, { f: "size" }] },
  { f: "all", value: [{ f: "take", key: "a" }] },
];

/** What a caller in plain JavaScript may pass in place of a part. */
const ODD: readonly unknown[] = [
  ...[undefined, null, true, 0, 1, -1, 1.5, 16, 256, NaN, 10_001, "", "x", "\u2603", "r", "w"],
  ...[[], [[]], [null], ["a"], ["a", "b"], ["a", "b", "c"], [["a", "b"]], [["a", "b", "c"]], [["r", "\u2603"]], [[
    "r",
  ]]],
  ...[{}, { f: "get" }, { f: 5 }, [{ f: "all", value: [] }], [{ f: "get" }], [{ f: "size" }, null], () => {}],
  ...[[[[[[[[[[1]]]]]]]]], Array(2), ["a", Array(1)]],
];

/** Replaces one part of a value, at any depth, by something odd. */
function spoilt(value: unknown, random: Random): unknown {
  if (!Array.isArray(value) || value.length === 0 || random.chance(1, 3)) return ODD[random.below(ODD.length)];
  const copy = [...value];
  const at = random.below(copy.length);
  if (random.chance(1, 6)) copy.splice(at, 1);
  else copy[at] = spoilt(copy[at], random);
  return copy;
}

const isText = (text: unknown): boolean => typeof text === "string" && [...text].every((c) => c.charCodeAt(0) < 256);
const isList = (list: unknown, of: (part: unknown) => boolean): boolean =>
  Array.isArray(list) && Array.from(list).every(of);
const isAny = (value: unknown, depth = 0): boolean =>
  value === null || typeof value === "string" || typeof value === "number" ||
  (depth < 8 && isList(value, (part) => isAny(part, depth + 1)));
const isWhole = (number: unknown, from: number, to: number): boolean =>
  Number.isInteger(number) && (number as number) >= from && (number as number) <= to;

/** Whether an operation is right: the naive twin of the checks. */
function isRight({ f, key, value }: Operation): boolean {
  const list = Array.isArray(value) ? value : [];
  switch (f) {
    case "get":
    case "delete":
    case "take":
      return isText(key);
    case "put":
      return isText(key) && (isText(value) || typeof value === "number");
    case "cas":
      return isText(key) && list.length === 2 && isList(value, (part) => isAny(part));
    case "add":
      return isText(key) && (typeof value === "number" || typeof value === "string");
    case "set-add":
      return isText(key) && isAny(value);
    case "set-if":
      return isText(key) && list.length === 3 && isText(list[0]) && isWhole(list[1], 0, 15) && isAny(list[2]);
    case "get-many":
    case "delete-many":
      return isList(value, isText);
    case "put-many":
      return isList(value, (pair) => isList(pair, isText) && (pair as unknown[]).length === 2);
    case "txn":
      return isList(value, (micro) => {
        const [what, of, argument] = Array.isArray(micro) ? micro : [];
        return ["r", "append", "w"].includes(what) && (isText(of) || typeof of === "number") &&
          (what === "r" || isAny(argument));
      });
    case "size":
      return true;
    case "scan":
      return (list[0] === null || isText(list[0])) && isWhole(list[1], 1, 10_000) && isText(list[2]);
    case "all":
      return isList(value, (part) => {
        const one = (part ?? {}) as Operation;
        return one.f !== "all" && isRight(one);
      });
    default:
      return false;
  }
}

/** Whether an operation only reads. */
function isRead({ f, value }: Operation): boolean {
  if (f === "txn") return (value as unknown[][]).every(([what]) => what === "r");
  if (f === "all") return (value as Operation[]).every(isRead);
  return ["get", "get-many", "size", "scan"].includes(f);
}

test("every right operation of every kind is encoded, and read back as what it was", () => {
  for (const operation of RIGHT) {
    const bytes = encodeOperation(operation);
    const { f, ...rest } = decodeCommand(bytes);
    assert.equal(f, operation.f);
    assert.equal(isReadCommand(bytes), isRead(operation), JSON.stringify(operation));
    const parts = Object.values(rest).flat(2).map(String);
    for (const text of [operation.key ?? "", operation.value ?? ""].flat().filter((part) => typeof part === "string")) {
      assert.ok(parts.includes(text) || text === "", `${JSON.stringify(operation)} has become ${JSON.stringify(rest)}`);
    }
  }
});

test("an operation whose key, or any part of whose value, has the wrong shape is refused with its name, and no other is", () => {
  const random = createRandom(3);
  const store = createKvStore();
  let refused = 0;
  const cases = tries("KAYA_RANDOM_CASES", 18_000);
  for (let i = 0; i < cases; i++) {
    const right = RIGHT[random.below(RIGHT.length)]!;
    const operation = random.chance(1, 5)
      ? { ...right, key: spoilt(right.key, random) as string }
      : { ...right, value: spoilt(right.value, random) };
    const where = `${operation.f} ${String(operation.key)} ${JSON.stringify(operation.value)}`;
    const replies: ClientReply[] = [];
    submitRequest((command) => void replies.push(store.apply(command, i)), { operation }, (r) => replies.push(r));
    const [reply] = replies;
    assert.equal(replies.length, 1, where);
    const error = reply!.type === "ok" ? "" : reply!.error;
    assert.equal(error.startsWith("Cannot encode the operation"), !isRight(operation), `${where}: ${error}`);
    if (isRight(operation)) continue;
    refused++;
    // Among several operations, the one that is wrong is named.
    const names = operation.f === "all" ? /"\w[\w-]*"|undefined|5/ : new RegExp(`"${operation.f}": it takes \\w`);
    assert.match(error, names, where);
  }
  assert.ok(refused > cases / 4 && refused < cases, `${refused} of ${cases} were refused`);
});

test("bytes with an unknown part, or of commands within each other, are no command", () => {
  const store = createKvStore();
  const txn = encodeOperation({ f: "txn", value: [["r", "a", null]] });
  txn[6] = 3;
  const all = encodeOperation({ f: "all", value: [{ f: "size" }] });
  const nested = Uint8Array.from([29, 0, 1, 0, 0, 0, all.length, 0, 0, 0, ...all]);
  const scan = encodeOperation({ f: "scan", value: [null, 10_000, "*"] });
  scan.fill(255, 6, 10);
  const error = (bytes: Uint8Array): string => (store.apply(bytes, 1) as { error: string }).error;
  assert.match(error(txn), /^Cannot read a store command: a micro-operation is unknown$/);
  assert.match(error(nested), /^Cannot read a store command: it contains itself$/);
  assert.deepEqual(decodeCommand(scan), { f: "scan", after: null, count: 10_000, pattern: "*" });
});

test("several commands as one: each has its own result, also after one that fails", () => {
  const store = createKvStore();
  const value = [
    { f: "put", key: "a", value: "x" },
    { f: "add", key: "a", value: 1 },
    { f: "cas", key: "a", value: ["y", "z"] },
    { f: "set-if", key: "b", value: ["1", 2, null] },
    { f: "get", key: "a" },
  ];
  const reply = store.apply(encodeOperation({ f: "all", value }), 1);
  assert.ok(reply.type === "ok" && Array.isArray(reply.value));
  assert.deepEqual(reply.value.map(partReply), [
    { type: "ok", value: null },
    { type: "fail", error: "not an integer", actual: null },
    { type: "fail", error: "mismatch", actual: "x" },
    { type: "fail", error: "mismatch", actual: null },
    { type: "ok", value: "x" },
  ]);
});
