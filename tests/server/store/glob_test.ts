import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/mod.ts";
import { matchesGlob } from "../../../server/store/glob.ts";

test("patterns fit as Redis has it", () => {
  const cases: [pattern: string, text: string, fits: boolean][] = [
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["h?llo", "hello", true],
    ["h?llo", "hllo", false],
    ["h*llo", "heeeello", true],
    ["h[ae]llo", "hallo", true],
    ["h[ae]llo", "hillo", false],
    ["h[^e]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[a-b]llo", "hbllo", true],
    ["h[b-a]llo", "hallo", true],
    ["h[a-b]llo", "hcllo", false],
    ["h\\*llo", "h*llo", true],
    ["h\\*llo", "hello", false],
    ["[\\]]", "]", true],
    ["a\\", "a\\", true],
    ["[abc", "a", true],
    ["[abc", "ax", false],
    ["*a*b*c*", "xxaxxbxxc", true],
    ["*a*b*c*", "xxaxxcxxb", false],
    ["user:*:name", "user:7:name", true],
    ["\xff?", "\xff\x00", true],
  ];
  for (const [pattern, text, fits] of cases) assert.equal(matchesGlob(pattern, text), fits, `${pattern} on ${text}`);
});

test("stars, question marks and characters fit as a regular expression says", () => {
  const random = createRandom(3);
  for (let round = 0; round < 20_000; round++) {
    const pattern = Array.from({ length: random.below(7) }, () => "ab*?"[random.below(4)]).join("");
    const text = Array.from({ length: random.below(8) }, () => "ab"[random.below(2)]).join("");
    const twin = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
    assert.equal(matchesGlob(pattern, text), twin.test(text), `${pattern} on ${text}`);
  }
});

test("a hostile pattern takes no longer than both lengths multiplied", () => {
  assert.equal(matchesGlob("*a".repeat(2000), "a".repeat(4000) + "b"), false);
  assert.equal(matchesGlob("*".repeat(60_000), "a".repeat(1000)), true);
});
