import { test } from "node:test";
import assert from "node:assert/strict";
import { createRandom, decodeCommand, encodeCommand, type RaftCommand } from "../../raft/mod.ts";
import { corpusFiles, readCorpus, skipWithoutCorpus } from "../corpus.ts";

function fromHex(text: string): Uint8Array {
  return text === "-" ? new Uint8Array(0) : Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
}
function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const files = corpusFiles("kaya-raft");
if (files.length === 0) test("kaya-raft", { skip: skipWithoutCorpus || "no such files in the corpus" }, () => {});
for (const path of files) {
  test(path, () => {
    const lines = new TextDecoder().decode(readCorpus(path)).split("\n").filter((line) =>
      line !== "" && !line.startsWith("#")
    );
    assert(lines.length > 0);
    for (const line of lines) {
      const [kind, key, value, encoded] = line.trimEnd().split("\t") as [string, string, string, string];
      const command: RaftCommand = kind === "Put"
        ? { type: "put", key: fromHex(key), value: fromHex(value) }
        : { type: "delete", key: fromHex(key) };
      assert.equal(toHex(encodeCommand(command)), encoded);
      assert.deepEqual(decodeCommand(fromHex(encoded)), command);
    }
  });
}

test("a Put and a Delete are the bytes that kaya-raft writes", () => {
  assert.equal(toHex(encodeCommand({ type: "put", key: utf8("a"), value: utf8("b") })), "0101000000610100000062");
  assert.equal(toHex(encodeCommand({ type: "delete", key: utf8("a") })), "020100000061");
});

test("a malformed command is refused with what was expected, what was found and where", () => {
  const refusals: [string, string][] = [
    ["-", "a type is needed at offset 0, but there are no bytes"],
    ["10", "the type is 1 (Put) or 2 (Delete), but 16 was found at offset 0"],
    ["0101", "the key's length needs 4 bytes, but 1 are left at offset 1"],
    ["020c00000061626364656667", "the key needs 12 bytes, but 7 are left at offset 5"],
    ["02ffffffff61", "the key needs 4294967295 bytes, but 1 are left at offset 5"],
    ["01010000006101", "the value's length needs 4 bytes, but 1 are left at offset 6"],
    ["0201000000610000", "it ends at offset 6, but 2 more bytes follow"],
  ];
  for (const [hex, message] of refusals) {
    assert.throws(() => decodeCommand(fromHex(hex)), {
      name: "SyntaxError",
      message: `Cannot decode a RaftCommand: ${message}`,
    });
  }
});

test("whatever bytes are decoded are exactly what encoding gives back, and all others are refused", () => {
  const random = createRandom(2);
  let decoded = 0;
  for (let round = 0; round < 20_000; round++) {
    const some = (): Uint8Array => Uint8Array.from({ length: random.below(4) }, () => random.below(256));
    const valid = encodeCommand(
      random.chance(1, 2) ? { type: "put", key: some(), value: some() } : { type: "delete", key: some() },
    );
    const bytes = valid.slice(0, valid.length - random.below(2));
    if (random.chance(1, 2)) bytes[random.below(bytes.length)] = random.below(4);
    let command: RaftCommand;
    try {
      command = decodeCommand(bytes);
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
      continue;
    }
    decoded++;
    assert.deepEqual(encodeCommand(command), bytes);
  }
  assert(decoded > 100);
});
