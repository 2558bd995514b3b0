// Files that are nearly in a format: what is clear is read, and what could mean two things is refused with its line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCounter, detectFormat, FormatError, readHistory, readOperations } from "../../../checker/mod.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The error with which reading a file ends, by both readers. */
function errorOf(bytes: Uint8Array): { line: number; message: string } {
  const errors = [() => readOperations(bytes), () => readHistory(bytes)].map((read) => {
    try {
      read();
    } catch (error) {
      assert(error instanceof FormatError, String(error));
      return { line: error.line, message: error.message };
    }
    throw new Error("It was read");
  });
  assert.equal(errors[0]!.line, errors[1]!.line);
  return errors[0]!;
}

const PUT = '{"process": 0, "type": "invoke", "f": "put", "key": "x", "value": 1}\n';
const PUT_DONE = '{"process": 0, "type": "ok", "f": "put", "key": "x", "value": 1}\n';

test("bytes that are no UTF-8 are refused wherever they stand, with the line", () => {
  for (const place of ['"x"', '"put"', '"value"']) {
    const bytes = bytesOf(PUT + PUT_DONE.replace(place, place.slice(0, -1) + '~"'));
    bytes[bytes.lastIndexOf(126)] = 0xff;
    const { line, message } = errorOf(bytes);
    assert.equal(line, 2, place);
    assert.match(message, /UTF-8/);
  }
});

test("keys and values beyond ASCII are read as they are", () => {
  const text = (PUT + PUT_DONE).replaceAll('"x"', '"ключ-鍵"').replaceAll(": 1}", ': "wert ü"}');
  const { operations } = readOperations(bytesOf(text));
  assert.equal(operations.keys.at(operations.key[0]!), "ключ-鍵");
  assert.equal(operations.argumentOf(0), "wert ü");
  assert.equal(readHistory(bytesOf(text)).events[0]!.key, "ключ-鍵");
});

test("a field that stands twice is refused, because one of both would be lost", () => {
  for (const twice of ['"value": 2, "value": 1', '"key": "y", "key": "x"', '"f": "get", "f": "put"']) {
    const line = PUT_DONE.replace('"process": 0', `"process": 0, ${twice}`);
    assert.throws(() => readOperations(bytesOf(PUT + line)), { name: "FormatError", message: /twice/ });
  }
  assert.throws(() => readHistory(bytesOf('[{"process": 0,\n"type": "ok", "f": "put", "f": "get"}]')), /twice/);
});

test("a completion without a name is told to have none", () => {
  const { line, message } = errorOf(bytesOf(PUT + '{"process": 0, "type": "info"}\n'));
  assert.equal(line, 2);
  assert.match(message, /the info has no "f"/);
});

test("operations with intervals are recognized by any names of their times, and if the first never ended", () => {
  const read = '{"client": 1, "op": "get", "key": "x", "value": 2, "startTime": 3, "endTime": 4}';
  const write = '{"client": 0, "op": "put", "key": "x", "value": 1, "startTime": 1, "endTime": 2}';
  assert.equal(detectFormat(`${write}\n${read}`), "intervals");
  const open = '{"process": 0, "op": "put", "key": "x", "value": 1, "start": 1}';
  assert.equal(detectFormat(open), "intervals");
  assert.deepEqual(readHistory(bytesOf(`${open}\n`)).events.map(({ type }) => type), ["invoke"]);
  const kaya = '{"client":0,"start":1,"end":2,"op":"put","key":"k","value":"v","result":"ok"}';
  assert.equal(detectFormat(kaya), "kaya-wgl");
});

test("a log with its times in brackets is read", () => {
  const line = (operation: string): string => `INFO [2016-01-01 00:00:00,001] worker 0 - jepsen.util ${operation}\n`;
  const log = ["0\t:invoke\t:write\t1", "0\t:ok\t:write\t1"].map(line).join("");
  assert.equal(detectFormat(log), "jepsen-history");
  assert.deepEqual(readHistory(bytesOf(log)).events.map(({ f, type }) => `${type} ${f}`), ["invoke write", "ok write"]);
});

test("an increment adds 1 to Jepsen's counter, or its value, and other operations are refused", () => {
  const reading = (f: string, value: unknown, sum: number): boolean | "unknown" =>
    checkCounter([
      { process: 0, type: "invoke", f, value },
      { process: 0, type: "ok", f, value },
      { process: 0, type: "invoke", f: "read", value: null },
      { process: 0, type: "ok", f: "read", value: sum },
    ]).valid;
  for (const [f, value, sum] of [["inc", null, 1], ["increment", 3, 3], ["dec", null, -1], ["decrement", 2, -2]]) {
    assert.equal(reading(f as string, value, sum as number), true, `${f} ${value}`);
    assert.equal(reading(f as string, value, 7), false, `${f} ${value}`);
  }
  assert.throws(() => reading("reset", null, 0), /expected add, increment, decrement or read, found "reset"/);
});
