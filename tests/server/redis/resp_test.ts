import { test } from "node:test";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  createRespParser,
  RESP_OK,
  type RespLimits,
  RespProtocolError,
  RespWriter,
  splitInline,
} from "../../../server/redis/resp.ts";
import { tries } from "../../corpus.ts";

/** What a client that sent some bytes gets: its commands, and the error that ended them. */
interface Outcome {
  readonly commands: string[][];
  readonly error: string | null;
}

/** xorshift32 (Marsaglia, 2003): numbers for the fuzzing, the same on every runtime. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2654435761 >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function parse(chunks: readonly Uint8Array[], limits: RespLimits = {}, restricted = false): Outcome {
  const parser = createRespParser(limits);
  parser.restricted = restricted;
  const commands: string[][] = [];
  try {
    for (const chunk of chunks) {
      const reused = Buffer.from(chunk);
      parser.feed(reused, (args) => commands.push(args));
      reused.fill(0x2a); // What a chunk held must have been read or copied.
    }
  } catch (error) {
    assert.ok(error instanceof RespProtocolError, String(error));
    return { commands, error: error.message };
  }
  return { commands, error: null };
}

/** The same in the simplest way: the whole input is one string, read from its beginning; what is incomplete is ignored. */
function naive(input: string, maxBulk: number, maxArguments: number): Outcome {
  const commands: string[][] = [];
  const integer = (text: string) => (/^(0|-?[1-9][0-9]{0,18})$/.test(text) ? Number(text) : NaN);
  let rest = input;
  const failed = (error: string): Outcome => ({ commands, error: `Protocol error: ${error}` });
  const line = (end: string): string | null => (rest.includes(end) ? rest.slice(0, rest.indexOf(end)) : null);
  while (rest !== "") {
    if (rest[0] !== "*") {
      const text = line("\n");
      if ((text ?? rest).length > 65536) return failed("too big inline request");
      if (text === null) break;
      const words = splitInline(text.replace(/\r$/, ""));
      if (words === null) return failed("unbalanced quotes in request");
      if (words.length > 0) commands.push(words);
      rest = rest.slice(text.length + 1);
      continue;
    }
    const first = line("\r");
    if ((first ?? rest).length > 65536) return failed("too big mbulk count string");
    if (first === null) break;
    const count = integer(first.slice(1));
    if (!(count <= maxArguments)) return failed("invalid multibulk length");
    rest = rest.slice(first.length + 2);
    const args: string[] = [];
    for (let i = 0; i < count; i++) {
      if (rest === "") return { commands, error: null };
      if (rest[0] !== "$") return failed(`expected '$', got '${rest[0]}'`);
      const header = line("\r");
      if ((header ?? rest).length > 65536) return failed("too big bulk count string");
      if (header === null) return { commands, error: null };
      const length = integer(header.slice(1));
      if (!(length >= 0 && length <= maxBulk)) return failed("invalid bulk length");
      rest = rest.slice(header.length + 2);
      if (rest.length < length + 2) return { commands, error: null };
      args.push(rest.slice(0, length));
      rest = rest.slice(length + 2);
    }
    if (args.length > 0) commands.push(args);
  }
  return { commands, error: null };
}

function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
}

function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Bytes that look like requests often enough to reach every corner of the parser. */
function anyRequests(below: (bound: number) => number): string {
  const pieces = [
    () => encode(Array.from({ length: 1 + below(4) }, () => "x\r\n$*".repeat(below(6)))),
    () => encode(["SET", "k", String.fromCharCode(below(256)).repeat(below(300))]),
    () => `PING "a\\x4${below(10)} b" 'it\\'s'\r\n`,
    () => "GET key\n",
    () =>
      [
        "*",
        "$",
        "*3\r\n",
        "*0\r\n",
        "*-1\r\n",
        "$-1\r\n",
        "*01\r\n",
        "$5\r\n",
        "$0\r\n\r\n",
        "\r\n",
        "\r",
        "\n",
      ][below(12)]!,
    () => String.fromCharCode(...Array.from({ length: below(12) }, () => below(256))),
    () => ["*1000000000\r\n", "*1025\r\n", "$1001\r\n", "*99999999999999999999\r\n", '"', "'a'b\n"][below(6)]!,
  ];
  // Mostly well-formed, so that errors come late.
  let text = "";
  for (let i = below(12); i >= 0; i--) text += pieces[below(4) < 3 ? below(4) : below(pieces.length)]!();
  return text;
}

function anyChunks(input: Buffer, below: (bound: number) => number): Buffer[] {
  const chunks: Buffer[] = [];
  const longest = 1 + below(below(2) === 0 ? 4 : input.length + 1);
  for (let at = 0; at < input.length;) {
    const next = at + below(longest + 1);
    chunks.push(input.subarray(at, next));
    at = next;
  }
  return chunks;
}

test("requests mean the same to the parser, however they are split, as to a naive twin", () => {
  const limits = { maxBulkBytes: 1000, maxArguments: 1024 };
  const count = tries("KAYA_RANDOM_CASES", 3000);
  let errors = 0;
  for (let seed = 1; seed <= count; seed++) {
    const below = numbers(seed);
    const text = anyRequests(below);
    const expected = naive(text, limits.maxBulkBytes, limits.maxArguments);
    assert.deepEqual(parse([bytes(text)], limits), expected, `seed ${seed}, whole`);
    assert.deepEqual(parse(anyChunks(bytes(text), below), limits), expected, `seed ${seed}, split`);
    if (expected.error !== null) errors++;
  }
  assert.ok(errors > count / 10 && errors < 0.9 * count, `${errors} of ${count} inputs end in an error`);
});

test("random bytes end in commands or a protocol error, and never in another", () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const below = numbers(seed);
    const input = Buffer.from(Array.from({ length: below(400) }, () => below(256)));
    const outcome = parse(anyChunks(input, below));
    assert.deepEqual(parse([input]), outcome, `seed ${seed}`);
  }
});

test("a large argument in single bytes is kept in at most twice its size, and read once", () => {
  const value = "v".repeat(300_000);
  const input = bytes(encode(["SET", "k", value]));
  const parser = createRespParser();
  let commands: string[][] = [];
  let held = 0;
  for (let i = 0; i < input.length; i++) {
    parser.feed(input.subarray(i, i + 1), (args) => commands = [...commands, args]);
    held = Math.max(held, parser.heldBytes - 2 * i);
  }
  assert.deepEqual(commands, [["SET", "k", value]]);
  assert.ok(held <= 64, `${held} bytes more than twice what was received`);
  assert.ok(parser.heldBytes <= 65_536, `${parser.heldBytes} bytes are held after the command`);
});

test("a length that is announced takes no memory before its bytes arrive", () => {
  const parser = createRespParser();
  parser.feed(bytes("*2\r\n$3\r\nGET\r\n$16000000\r\nabc"), () => assert.fail("the command is not complete"));
  assert.ok(parser.heldBytes < 1000, `${parser.heldBytes} bytes are held`);
});

test("errors are worded as Redis words them", () => {
  const error = (text: string, limits: RespLimits = {}, restricted = false) =>
    parse([bytes(text)], limits, restricted).error;
  assert.equal(error("*x\r\n"), "Protocol error: invalid multibulk length");
  assert.equal(error("*1048577\r\n"), "Protocol error: invalid multibulk length");
  assert.equal(error("*1\r\n:1\r\n"), "Protocol error: expected '$', got ':'");
  assert.equal(error("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  assert.equal(error("*1\r\n$16777217\r\n"), "Protocol error: invalid bulk length");
  assert.equal(error(`*${"1".repeat(65536)}`), "Protocol error: too big mbulk count string");
  assert.equal(error(`*1\r\n$${"1".repeat(65536)}`), "Protocol error: too big bulk count string");
  assert.equal(error("a".repeat(65537)), "Protocol error: too big inline request");
  assert.equal(error('GET "a\r\n'), "Protocol error: unbalanced quotes in request");
  assert.equal(error("*11\r\n", {}, true), "Protocol error: unauthenticated multibulk length");
  assert.equal(error("*1\r\n$16385\r\n", {}, true), "Protocol error: unauthenticated bulk length");
  assert.equal(
    error("*2\r\n$6\r\nabcdef\r\n$5\r\n", { maxCommandBytes: 10 }),
    "Protocol error: command of more than 10 bytes",
  );
});

test("a parser that has met an error stays in it, and the commands before it were handed over", () => {
  const parser = createRespParser();
  const commands: string[][] = [];
  const take = (args: string[]) => void commands.push(args);
  assert.throws(
    () => parser.feed(bytes(`PING\r\n${encode(["GET", "a"])}*x\r\n${encode(["GET", "b"])}`), take),
    RespProtocolError,
  );
  assert.throws(() => parser.feed(bytes("PING\r\n"), take), RespProtocolError);
  assert.deepEqual(commands, [["PING"], ["GET", "a"]]);
});

test("inline commands are split at spaces, except within quotes", () => {
  assert.deepEqual(splitInline("  set\tkey  value "), ["set", "key", "value"]);
  assert.deepEqual(splitInline('"a b" "\\x41\\n\\"\\q" \'c\\d\\\'\''), ["a b", 'A\n"q', "c\\d'"]);
  assert.deepEqual(splitInline('a"b c"'), ["ab c"]);
  assert.deepEqual(splitInline('""'), [""]);
  assert.deepEqual(splitInline("\f a\fb\vc \"d\"\f'e'"), ["a\fb\vc", "d", "e"]);
  assert.equal(splitInline('"a'), null);
  assert.equal(splitInline("'a'b"), null);
  assert.deepEqual(splitInline(""), []);
});

test("replies are written as the protocol wants them", () => {
  const writer = new RespWriter();
  for (
    const value of [RESP_OK, { error: "ERR two\r\nlines \u2014" }, 0, 10, -7, 1n << 62n, "a\xff", "", null, [], ["x", [
      1,
      null,
    ]]]
  ) {
    writer.value(value);
  }
  const expected =
    "+OK\r\n-ERR two  lines ?\r\n:0\r\n:10\r\n:-7\r\n:4611686018427387904\r\n$2\r\na\xff\r\n$0\r\n\r\n$-1\r\n*0\r\n*2\r\n$1\r\nx\r\n*2\r\n:1\r\n$-1\r\n";
  assert.equal(writer.length, expected.length);
  assert.equal(writer.take().toString("latin1"), expected);
  assert.equal(writer.length, 0);
});

test("memory that was taken from a writer is never written again", () => {
  const writer = new RespWriter();
  const taken: [Buffer, string][] = [];
  for (let i = 0; i < 2000; i++) {
    const value = String(i).repeat(1 + i % 50);
    writer.bulk(value);
    if (i % 3 === 0) taken.push([writer.take(), value]);
  }
  for (const [slab, last] of taken) assert.ok(slab.toString("latin1").endsWith(`\r\n${last}\r\n`));
});
