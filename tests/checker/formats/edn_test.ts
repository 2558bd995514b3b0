import assert from "node:assert/strict";
import { test } from "node:test";
import { ednEntries, type EdnEntry, parseEdn } from "../../../checker/formats/edn.ts";
import { FormatError, readHistory } from "../../../checker/mod.ts";

/** The entries of a text; fields that an event does not have are left out. */
const entriesOf = (text: string): EdnEntry[] => {
  const entries: EdnEntry[] = [];
  const next = ednEntries(text);
  for (let entry = next(); entry !== undefined; entry = next()) {
    const { value, line } = entry;
    entries.push({ value: Array.isArray(value) ? value : defined(value), line });
  }
  return entries;
};

function defined(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));
}

test("a history's map reads as the object that its JSON would be", () => {
  const [entry] = entriesOf("{:index 11, :type :ok, :f :txn, :value [[:append 9 2] [:r 9 nil] (:r :x [1 -2])]}");
  assert.deepEqual(entry!.value, {
    index: 11,
    type: ":ok",
    f: ":txn",
    value: [[":append", 9, 2], [":r", 9, null], [":r", ":x", [1, -2]]],
  });
});

test("commas are white space, a semicolon begins a comment and #_ drops a form", () => {
  assert.deepEqual(parseEdn("; before\n1,,2 #_ [3 4] ; after\n5"), [1, 2, 5]);
});

test("EDN values that JSON lacks become their nearest counterparts, and different values stay different", () => {
  const text = `[nil true false 7N 1/4 2.5M -3e2 0x1F \\a \\newline \\u0041 :k/w sym #{3 1 2} ##Inf 0 -0]`;
  assert.deepEqual(parseEdn(text), [[
    null,
    true,
    false,
    7,
    0.25,
    2.5,
    -300,
    31,
    "\\a",
    "\\\n",
    "\\A",
    ":k/w",
    "'sym",
    [1, 2, 3],
    Infinity,
    0,
    0,
  ]]);
});

test("integers that a number cannot hold stay apart", () => {
  assert.deepEqual(parseEdn("9007199254740993 9007199254740992N"), [9007199254740993n, 9007199254740992n]);
});

test("a tagged record is the record, a tagged text has its tag", () => {
  const [entry] = entriesOf('#jepsen.history.Op{:index 1, :time #inst "2020-01-01"}');
  assert.deepEqual(entry!.value, { index: 1, time: "#inst 2020-01-01" });
});

test("a map's keys that are not strings are written as text", () => {
  assert.deepEqual(parseEdn("{0 10, :a 1, [1 2] 3}"), [{ 0: 10, ":a": 1, "[1,2]": 3 }]);
});

test("strings know their escapes", () => {
  assert.deepEqual(parseEdn(String.raw`"a\n\"b\" \u0041 \\"`), ['a\n"b" A \\']);
});

test("one vector stands for its entries, each with its line", () => {
  assert.deepEqual(entriesOf("; a history\n[{:a 1}\n {:a 2}]\n"), [{ value: { a: 1 }, line: 2 }, {
    value: { a: 2 },
    line: 3,
  }]);
});

test("values one after another are entries, each with its line", () => {
  assert.deepEqual(entriesOf("{:a 1}\n\n{:a 2}"), [{ value: { a: 1 }, line: 1 }, { value: { a: 2 }, line: 3 }]);
});

test("vectors one after another are entries themselves", () => {
  assert.deepEqual(entriesOf("[1 2]\n[3]"), [{ value: [1, 2], line: 1 }, { value: [3], line: 2 }]);
});

test("an empty text holds nothing", () => {
  assert.deepEqual(entriesOf(" ; nothing\n"), []);
});

test("text that is not EDN is refused with its line and column", () => {
  const cases: [string, RegExp][] = [
    ["{:a 1", /1:1: "\{" is not closed/],
    ["[1\n 2}", /2:3: expected "\]", found "\}"/],
    ["\n ]", /2:2: found "\]", but no bracket is open/],
    ["{:a 1 :b}", /a map's last key has no value/],
    ['"abc', /a string is not closed/],
    ["12x", /"12x" is not a number/],
    ["[1] [2", /1:5: "\[" is not closed/],
    ["[".repeat(1000), /brackets are open at once/],
    ["{".repeat(100_000), /brackets are open at once/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseEdn(text),
      (error) => error instanceof FormatError && message.test(`${error.line}:${error.column}: ${error.message}`),
      text.slice(0, 20),
    );
  }
});

test("a keyword, a string, a symbol and a character are four values, also where a string looks like one of them", () => {
  const text = String.raw`:a "a" a \a ":a" "'a" "\\a" "\":a\""`;
  const values = parseEdn(text);

  assert.equal(new Set(values).size, 8);
  assert.equal(values[1], "a");
});

test('a register that was written :a and is read as "a" is another value', () => {
  const history = (read: string): string =>
    `{:process 0 :type :invoke :f :write :value :a} {:process 0 :type :ok :f :write :value :a}
     {:process 1 :type :invoke :f :read :value nil} {:process 1 :type :ok :f :read :value ${read}}`;
  const valueRead = (read: string): unknown => readHistory(history(read)).events[3]!.value;

  assert.equal(valueRead(":a"), readHistory(history(":a")).events[0]!.value);
  assert.notEqual(valueRead('"a"'), readHistory(history(":a")).events[0]!.value);
});

test("a key named __proto__ is a key like any other", () => {
  const [map] = parseEdn('{"__proto__" 1}') as [Record<string, unknown>];
  assert.deepEqual(Object.keys(map), ["__proto__"]);
});
