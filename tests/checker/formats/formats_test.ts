import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkOperations,
  detectFormat,
  type HistoryEvent,
  inferModel,
  JsonLinesOperations,
  modelByName,
  OperationsBuilder,
  readHistory,
  readOperations,
} from "../../../checker/mod.ts";
import { randomFrom, randomHistory, registerObject } from "../linearizability/naive.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function verdictOf(text: string, model = "kv", format?: string): unknown {
  const { operations } = readOperations(bytes(text), format === undefined ? {} : { format });
  return checkOperations(operations, modelByName(model)).valid;
}

const put = (value: string): string =>
  `{"process":0,"type":"invoke","f":"put","key":"x","value":${value}}\n{"process":0,"type":"ok","f":"put","key":"x","value":${value}}\n`;
const get = (value: string): string =>
  `{"process":1,"type":"invoke","f":"get","key":"x"}\n{"process":1,"type":"ok","f":"get","key":"x","value":${value}}\n`;

for (
  const [name, written, read, expected] of [
    ["integers", "7", "7", true],
    ["an integer and a text of its digits", "7", '"7"', false],
    ["one number written in two ways", "1.0", "1", true],
    ["texts", '"ü \\u00fc"', '"\\u00fc ü"', true],
    ["texts that differ in an escape", '"a\\nb"', '"anb"', false],
    ["objects whatever the order of their keys", '{"a":1,"b":[2]}', '{"b":[2],"a":1}', true],
    ["an array and the text of it", "[1,2]", '"[1,2]"', false],
    ["integers beyond 2^53", "12345678901234567890", "12345678901234567890", true],
    ["integers beyond 2^53 that differ in the last digit", "12345678901234567890", "12345678901234567891", false],
    ["true and 1", "true", "1", false],
    ["a negative integer", "-5", "-5", true],
    ["ten digits", "2147483648", "2147483648", true],
  ] as const
) {
  test(`JSON lines compare ${name}`, () => {
    assert.equal(verdictOf(put(written) + get(read)), expected);
  });
}

test("keys of any JSON type are kept apart", () => {
  const history = put("1").replaceAll('"x"', "[1]") + get("null").replaceAll('"x"', '"[1]"');

  assert.equal(verdictOf(history), true);
  assert.equal(
    verdictOf(put("1").replaceAll('"x"', '{"a":1,"b":2}') + get("null").replaceAll('"x"', '{"b":2,"a":1}')),
    false,
  );
});

for (
  const [name, change] of [
    ["carriage returns", (text: string) => text.replaceAll("\n", "\r\n")],
    ["a byte order mark", (text: string) => `\ufeff${text}`],
    ["empty lines", (text: string) => `\n${text.replaceAll("\n", "\n\n")}`],
    ["no line end at the end", (text: string) => text.trimEnd()],
    ["spaces after colons and commas", (text: string) => text.replaceAll('":', '": ').replaceAll(",", ", ")],
    ["events of the nemesis", (text: string) => `{"process":"nemesis","type":"info","f":"cut","value":["a"]}\n${text}`],
  ] as const
) {
  test(`JSON lines may have ${name}`, () => {
    assert.equal(verdictOf(change(put("1") + get("1"))), true);
    assert.equal(verdictOf(change(put("1") + get("2"))), false);
  });
}

test("a table read from bytes is the table of the events, wherever the bytes are cut", () => {
  const random = randomFrom(3);
  const object = registerObject({ deletes: true, swaps: true, tells: true, values: 3 });
  for (let i = 0; i < 50; i++) {
    const shape = { operations: 30, processes: 4, unknownOneIn: 5, length: 2, corruptOneIn: 2 };
    const history = randomHistory(random, object, shape);
    const text = bytes(history.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const reader = new JsonLinesOperations(new OperationsBuilder());
    for (let at = 0; at < text.length;) {
      const next = Math.min(text.length, at + 1 + random(200));
      reader.push(text.slice(at, next));
      at = next;
    }
    const table = reader.finish();
    const whole = readOperations(bytes(JSON.stringify(history))).operations;
    for (let row = 0; row < whole.length; row++) {
      assert.deepEqual(
        [table.argumentOf(row), table.resultOf(row), table.outcome[row], table.process[row]],
        [whole.argumentOf(row), whole.resultOf(row), whole.outcome[row], whole.process[row]],
      );
    }
    assert.deepEqual([...table.order.subarray(0, table.events)], [...whole.order.subarray(0, whole.events)]);
  }
});

for (
  const [name, text, line, column, message] of [
    ["cut off in the middle of a line", `${put("1")}{"process":1,"type":"inv`, 3, 25, /expected the text to end/],
    ["with no type", '{"process":1,"f":"get"}', 1, 1, /"type" to be invoke, ok, fail or info, found nothing/],
    [
      "with a process that is no number",
      '{"process":"a","type":"ok","f":"get"}',
      1,
      1,
      /"process" to be a whole number/,
    ],
    ["with an array on a line", `${put("1")}[1]`, 3, 1, /an event as an object, found \[1\]/],
    ["with two values on a line", '{"process":1,"type":"info","f":"get"} 2', 1, 39, /nothing after the value/],
    ["with a completion of nothing", '{"process":1,"type":"ok","f":"get"}', 1, 1, /has no open invocation/],
    ["with a busy process", put("1").split("\n")[0]! + "\n" + put("1"), 2, 1, /while its put is still open/],
    ["with a cas that has no pair", '{"process":1,"type":"invoke","f":"cas","value":3}', 1, 1, /expected \[from, to\]/],
    ["that is text", "{hello}", 1, 2, /a name in double quotes/],
  ] as const
) {
  test(`a file of JSON lines ${name} is refused with the place`, () => {
    assert.throws(() => readOperations(bytes(text), { format: "jsonl" }), {
      name: "FormatError",
      line,
      column,
      message,
    });
  });
}

for (
  const [format, text] of [
    ["jsonl", put("1")],
    ["json", `[\n ${put("1").trim().replace("\n", ",\n")}\n]`],
    ["json", "[]"],
    ["edn", "[{:process 0, :type :invoke}]"],
    ["edn", "{:process 0, :type :invoke, :f :read}\n"],
    ["edn", "; a comment\n()"],
    ["edn", ",,{:process 0, :type :invoke}"],
    ["edn", "^{:run 1} [{:process 0}]"],
    ["jepsen-log", "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n"],
    ["kaya-wgl", '{"client":0,"op":"get","key":"k","result":null}\n'],
    ["polysi", "w(1,1,0,0)\nr(1,1,1,1)\n"],
    ["awdit", "w 1 1\n-----\n=====\n"],
  ] as const
) {
  test(`${format} is found out from ${JSON.stringify(text.slice(0, 30))}`, () =>
    assert.equal(detectFormat(text), format));
}

test("text that is not a history is refused with its first line", () => {
  assert.throws(() => detectFormat("\n\nGIF89a and more"), {
    line: 3,
    column: 1,
    message: /it begins with "GIF89a and more"/,
  });
  assert.throws(() => detectFormat(" \n"), { message: /the file is empty/ });
  assert.equal(readHistory("", { format: "edn" }).events.length, 0);
});

test("in Jepsen's logs a failed compare-and-set saw another value, and a timeout may have happened", () => {
  const log = (...lines: string[]): string => lines.map((line) => `INFO  jepsen.util - ${line}\n`).join("");
  const began = ["0\t:invoke\t:write\t1", "0\t:ok\t:write\t1"];

  assert.equal(verdictOf(log(...began, "1 :invoke :cas [1 2]", "1 :fail :cas [1 2]"), "cas-register"), false);
  assert.equal(verdictOf(log(...began, "1 :invoke :cas [2 3]", "1 :fail :cas [2 3]"), "cas-register"), true);
  const late = [
    "1 :invoke :write 2",
    "1 :info :write :timed-out",
    "2 :invoke :read nil",
    "2 :ok :read 1",
    "2 :invoke :read nil",
  ];
  assert.equal(verdictOf(log(...began, ...late, "2 :ok :read 2"), "cas-register"), true);
  assert.throws(() => verdictOf(log("0 :invoke :read", "garbage")), { name: "FormatError", line: 2 });
});

test("EDN may leave out fields that can be inferred", () => {
  const history = `({:type :invoke, :f :write, :value 1} ; no process
    {:type :ok, :value 1}
    {:process :nemesis, :type :info, :f :start}
    #jepsen.history.Op{:process 3, :type :invoke, :f :read, :value nil}
    {:process 3, :type :ok, :f :read, :value 1, :error [:odd "thing"]})`;

  const { format, events, lines } = readHistory(history);

  assert.equal(format, "edn");
  assert.deepEqual(lines, [1, 2, 3, 4, 5]);
  assert.deepEqual(events.map(({ type, f }) => `${type} ${f}`), [
    "invoke write",
    "ok write",
    "info start",
    "invoke read",
    "ok read",
  ]);
  assert.equal(verdictOf(history, "register"), true);
  assert.throws(() => readHistory("[{:type :ok, :f :read}]"), { name: "FormatError", line: 1, message: /:process/ });
  assert.throws(() => readHistory("[{:type :ok"), { name: "FormatError" });
});

test("an event in EDN that has no type is refused for that, whatever else it lacks", () => {
  const text = "{:type :invoke, :f :read}\n{:jepsen/type :ok, :f :read}\n";
  assert.throws(() => readHistory(text, { format: "edn" }), { line: 2, message: /expected "type" .* found nothing/ });
});

test("kaya-wgl's intervals do not contain their ends", () => {
  const line = (fields: Record<string, unknown>): string => `${JSON.stringify(fields)}\n`;
  const wrote = line({ client: 0, start: 1, end: 3, op: "put", key: "k", value: "0x6f6b", result: "ok" });
  const read = (start: number, result: unknown): string =>
    line({ client: 1, start, end: 9, op: "get", key: "k", result });

  assert.equal(verdictOf(wrote + read(2, null)), true);
  assert.equal(verdictOf(wrote + read(3, null)), false);
  assert.equal(verdictOf(wrote + read(3, "ok")), true);
  assert.equal(verdictOf(wrote + read(3, { error: "timeout" })), true);
});

test("kaya-wgl's scans tie keys together, and operations without times follow each other", () => {
  const lines = [
    { op: "put", key: "a1", value: "v", result: "ok" },
    { op: "put", key: "b", value: "w", result: "ok" },
    { op: "scan", prefix: "a", result: [["a1", "v"]] },
  ];
  const text = (scanned: unknown): string =>
    lines.map((line) => `${JSON.stringify({ ...line, ...(line.op === "scan" ? { result: scanned } : {}) })}\n`).join(
      "",
    );

  assert.equal(verdictOf(text([["a1", "v"]])), true);
  assert.equal(verdictOf(text([])), false);
  assert.throws(() => readHistory(`${text([])}{"op":"list"}`), {
    line: 4,
    message: /"op" to be put, get, delete or scan, found "list"/,
  });
});

for (
  const [model, names] of [
    ["kv", ["get", "put", "cas"]],
    ["register", ["read", "write"]],
    ["cas-register", ["read", "write", "cas"]],
    ["kv-append", ["get", "append"]],
    ["mutex", ["acquire", "release"]],
    ["fifo-queue", ["enqueue", "dequeue"]],
  ] as const
) {
  test(`${names.join(", ")} are operations of ${model}`, () => {
    const events = names.map((f, index): HistoryEvent => ({ index, time: index, process: 0, type: "invoke", f }));
    assert.deepEqual(inferModel(events), { model });
  });
}

test("operations that could be of several models make a question", () => {
  const events: HistoryEvent[] = [{ index: 0, time: 0, process: 0, type: "invoke", f: "dance" }];
  const inferred = inferModel(events);
  assert.ok("question" in inferred && /dance/.test(inferred.question));
});
