import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/mod.ts";
import { underSession } from "../../../server/replica/sessions.ts";
import { describeCommand } from "../../../server/store/command_text.ts";
import { encodeOperation } from "../../../server/store/store_command.ts";
import { tries } from "../../corpus.ts";

const put = (key: string, value: string): Uint8Array => encodeOperation({ f: "put", key, value });

test("a command is described in words, under its client's name", () => {
  const cases: [Uint8Array, string][] = [
    [put("k", "v"), `put "k" "v"`],
    [put("\xc3\xa9", "a\nb"), `put "é" "a\\nb"`],
    [put("\xff\x9b", "\x7f"), `put "ÿ\\u009b" "\\u007f"`],
    [encodeOperation({ f: "cas", key: "k", value: [null, ["\u2603", 5]] }), `cas "k" null ["\u2603",5]`],
    [encodeOperation({ f: "set-add", key: "k", value: "a\u2028\u202eb" }), `set-add "k" "a\\u2028\\u202eb"`],
    [encodeOperation({ f: "size" }), "size "],
    [underSession(put("k", "v"), { client: "c", sequence: 7 }), `c/7: put "k" "v"`],
    [underSession(put("k", "v"), { client: "\x1b[2J\n", sequence: 1 }), `\\u001b[2J\\n/1: put "k" "v"`],
    [underSession(put("k", "v"), { client: "\u2603", sequence: 1 }), `\u2603/1: put "k" "v"`],
    [Uint8Array.of(99, 1), "2 bytes of kind 99"],
    [new Uint8Array(0), "0 bytes of kind none"],
    [underSession(put("k", "v"), { client: "c", sequence: 7 }).slice(0, 9), "9 bytes of kind 16"],
    [underSession(Uint8Array.of(99), { client: "c", sequence: 7 }), "c/7: 1 bytes of kind 99"],
  ];
  for (const [bytes, text] of cases) assert.equal(describeCommand(bytes), text);
});

test("a long text is cut short, also within a character of several bytes", () => {
  for (let length = 95; length < 105; length++) {
    const text = describeCommand(put("k", "\xe2\x98\x83".repeat(length)));
    assert.match(text, /^put "k" "\u2603+\.{0,3}/);
    assert.ok(text.length < 120, text);
    assert.ok(describeCommand(underSession(put("k", "v"), { client: "x".repeat(length), sequence: 1 })).length < 130);
  }
});

test("whatever the bytes are, their description is one line without control characters", () => {
  const random = createRandom(5);
  const text = (): string =>
    String.fromCharCode(
      ...Array.from({ length: random.below(12) }, () => random.below(random.chance(1, 2) ? 256 : 0x2100)),
    );
  const bytesOf = (of: string): string => of.replace(/[^\0-\xff]/g, "?");
  for (let i = 0; i < tries("KAYA_RANDOM_CASES", 6_000); i++) {
    const operation = random.chance(1, 2)
      ? { f: "put", key: bytesOf(text()), value: bytesOf(text()) }
      : { f: "cas", key: bytesOf(text()), value: [text(), [text()]] };
    let command = encodeOperation(operation);
    if (random.chance(1, 2)) command = underSession(command, { client: text(), sequence: 1 });
    if (random.chance(1, 4)) command = command.slice(0, random.below(command.length + 1));
    const described = describeCommand(command);
    // deno-lint-ignore no-control-regex -- these are what it must not have
    assert.doesNotMatch(described, /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/, JSON.stringify(described));
  }
});
