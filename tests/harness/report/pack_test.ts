import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/mod.ts";
import { tries } from "../../corpus.ts";
import type { Column, PageData } from "../../../harness/report/page/data.ts";
import { packPage, unpackPage } from "../../../harness/report/page/pack.ts";
import { bytesOfBase64 } from "../../../harness/report/view/base64.ts";
import { Moments } from "../../../harness/report/view/moments.ts";
import { bigPage } from "../../browser/big_page.ts";

/** A page whose columns are arrays, so that pages can be compared. */
function plain(page: PageData): PageData {
  const table = <Table extends { readonly texts: readonly string[] }>(given: Table): Table => {
    const columns = Object.entries(given).filter(([name]) => name !== "texts");
    return {
      ...given,
      ...Object.fromEntries(columns.map(([name, column]) => [name, [...column as unknown as Column]])),
    };
  };
  const { operations, messages } = page;
  return { ...page, operations: table(operations), messages: messages === null ? null : table(messages) };
}

test("packed data are unpacked unchanged", () => {
  const page = bigPage(500, 2000);
  assert.deepEqual(plain(unpackPage(packPage(page))), page);
  const empty = { ...bigPage(1, 1), messages: null };
  assert.deepEqual(plain(unpackPage(packPage(empty))), empty);
});

test("columns of any numbers come back, however large, small, unsorted or odd", () => {
  const random = createRandom(4);
  const odd = [0, -0, -1, 1, 255, 256, -300, 65_535, 65_536, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1.5, NaN, Infinity];
  for (let round = 0; round < tries("KAYA_PAGES", 300); round++) {
    const count = random.below(12);
    const width = 1 + random.below(odd.length);
    const column = (): number[] => Array.from({ length: count }, () => odd[random.below(width)]!);
    const { operations } = bigPage(1, 1);
    const columns = Object.keys(operations).filter((name) => name !== "texts").map((name) => [name, column()]);
    const page = { ...bigPage(1, 1), operations: { ...operations, ...Object.fromEntries(columns) } };
    assert.deepEqual(plain(unpackPage(packPage(page))), page);
  }
});

test("base64 is read as Node writes it", () => {
  const random = createRandom(5);
  for (let length = 0; length < 100; length++) {
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const text = btoa(String.fromCharCode(...bytes));
    assert.deepEqual(bytesOfBase64(text), bytes);
    assert.deepEqual(bytesOfBase64(text.replaceAll("=", "")), bytes);
  }
});

test("the next moment and the one before are those of one sorted list of all", () => {
  const page = bigPage(300, 1);
  const { operations, faults, changes, end } = page;
  const all = [
    ...[...operations.start, ...operations.end].filter((time) => time >= 0),
    ...faults.flatMap((fault) => [fault.start, fault.end < 0 ? end : fault.end]),
    ...(changes ?? []).map(({ time }) => time),
  ].sort((a, b) => a - b);
  const moments = new Moments(page);
  for (const time of [-5, 0, 1, ...all, end, end + 9]) {
    assert.equal(moments.after(time), all.find((each) => each > time) ?? null);
    assert.equal(moments.before(time), all.findLast((each) => each < time) ?? null);
    const ending = [...operations.end].flatMap((each, place) => each === time && time >= 0 ? [place] : []);
    assert.deepEqual(moments.endingAt(time).sort((a, b) => a - b), ending);
  }
});
