import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../../harness/cli/check.ts";
import { corpusFolder, corpusVerdicts, mayUse, readCorpus, skipWithoutCorpus } from "../../corpus.ts";

const skip = mayUse("read") && mayUse("write") && mayUse("env") && mayUse("sys")
  ? false
  : "files may not be written here";

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command over files of these contents; in `args` and in what is printed, their folder is left out. */
async function check(files: Readonly<Record<string, string>>, ...args: string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "check-"));
  let out = "";
  let err = "";
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const named = args.map((arg) => arg.startsWith("@") ? join(folder, arg.slice(1)) : arg);
    const status = await main(named, {
      out: (text) => out += text,
      err: (line) => err += `${line}\n`,
      progress: () => {},
      style: (_format, text) => text,
    });
    const bare = (text: string): string =>
      text.replaceAll(JSON.stringify(join(folder, "x")).slice(1, -2), "").replaceAll(
        join(folder, "x").slice(0, -1),
        "",
      );
    return { status, out: bare(out), err: bare(err) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const event = (process: number, type: string, f: string, value?: unknown): string =>
  `${JSON.stringify({ process, type, f, key: "x", value })}\n`;
const written = event(0, "invoke", "put", 1) + event(0, "ok", "put", 1);
const read = (value: unknown): string => event(1, "invoke", "get") + event(1, "ok", "get", value);

test("a valid history ends with 0, a violation with 1 and its explanation", { skip }, async () => {
  const fine = await check({ h: written + read(1) }, "@h");
  const wrong = await check({ h: written + read(2) }, "@h");

  assert.equal(fine.status, 0);
  assert.match(
    fine.out,
    /^h {2}valid {2}kv: 2 ok, 0 fail, 0 info {2}\(read as \w+ in [\d.]+ ms, checked in [\d.]+ ms\)\n$/,
  );
  assert.equal(wrong.status, 1);
  assert.match(wrong.out, /A read of x by process 1 returned 2, which nobody had written\./);
  assert.match(wrong.out, /the first 3 lines are fine/);
  assert.match(wrong.out, /process 1 {2}get -> 2 {2}\|-+\| {2}lines 3 to 4/);
});

test("the first line is of one form for every model, and what follows is indented", { skip }, async () => {
  const txn = (process: number, type: string, value: unknown): string =>
    `${JSON.stringify({ process, type, f: "txn", value })}\n`;
  const stale = txn(0, "invoke", [["append", "x", 1]]) + txn(0, "ok", [["append", "x", 1]]) +
    txn(1, "invoke", [["r", "x", null]]) + txn(1, "ok", [["r", "x", []]]);
  const sum = '{"process":0,"type":"invoke","f":"read"}\n{"process":0,"type":"ok","f":"read","value":9}\n';
  const many = (written + read(1)).repeat(600);

  const { out } = await check({ a: written + read(2), b: stale, d: many }, "@a", "@b", "@d");
  const counted = await check({ c: sum }, "--model", "counter", "@c");

  const times = "  \\(read as \\w+ in [\\d.]+ ms, checked in [\\d.]+ ms\\)";
  const firsts = (out + counted.out).split("\n").filter((line) => /^\S/.test(line));
  assert.equal(firsts.length, 4);
  for (
    const [i, first] of [
      "a  invalid  kv: 2 ok, 0 fail, 0 info",
      "b  invalid  list-append, strict-serializable: 2 ok, 0 fail, 0 info",
      "d  valid  kv: 1,200 ok, 0 fail, 0 info",
      "c  invalid  counter: 1 ok, 0 fail, 0 info",
    ].entries()
  ) assert.match(firsts[i]!, new RegExp(`^${first}${times}$`));
});

test("--json prints one object a file, on one line", { skip }, async () => {
  const { status, out } = await check({ a: written + read(1), b: written + read(2) }, "--json", "@a", "@b");

  const [first, second, ...rest] = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(status, 1);
  assert.deepEqual(rest, []);
  const { parse_ms, check_ms, ...stable } = first;
  assert.deepEqual(stable, {
    file: "a",
    valid: true,
    model: "kv",
    format: "jsonl",
    operations: { ok: 2, fail: 0, info: 0 },
    lines: true,
  });
  assert.ok(parse_ms >= 0 && check_ms >= 0);
  assert.equal(second.valid, false);
  assert.deepEqual(second.counterexample.operations.map((op: { invoked: number }) => op.invoked), [3]);
});

test("an operation that the model does not know is told with its line, and what the model has", { skip }, async () => {
  const history = written + event(1, "invoke", "frob") + event(1, "ok", "frob");
  const messages = [
    ["kv", /^h:3: kv has read, write, get, put, delete, cas and scan, not frob\n$/],
    ["kv-append", /^h:3: kv-append has get, put and append, not frob\n$/],
    ["mutex", /^h:1: mutex has acquire and release, not put\n$/],
    ["multi-register", /^h:1: multi-register takes lists of .*, not 1\n$/],
  ] as const;
  for (const [model, message] of messages) {
    const { status, err } = await check({ h: history }, "--model", model, "@h");

    assert.equal(status, 254);
    assert.match(err, message);
  }
});

test("a path that leads through a file is one that cannot be read", { skip }, async () => {
  const { status, err } = await check({ a: written }, "@a/b");

  assert.equal(status, 254);
  assert.match(err, /^a.b: cannot be read: .*\n$/);
});

test("one bad file among several gets its line on stderr, and the others are judged", { skip }, async () => {
  const { status, out, err } = await check(
    { a: written, b: '{"type":"ok"}\n', c: written + read(2) },
    "@a",
    "@b",
    "@missing",
    "@c",
  );

  assert.equal(status, 254);
  assert.equal(out.match(/^[ac] {2}(valid|invalid) {2}/gm)?.length, 2);
  const lines = err.trimEnd().split("\n");
  assert.match(lines[0]!, /^b:1:1: expected "process" to be a whole number, a name or "nemesis", found nothing$/);
  assert.match(lines[1]!, /^missing: cannot be read: there is no such file or folder$/);
  assert.equal(lines.length, 2);
});

test("an empty file is wrong input, unless --format says what it is", { skip }, async () => {
  const bare = await check({ h: "" }, "@h");
  const named = await check({ h: "" }, "--format", "jsonl", "--model", "kv", "@h");

  assert.equal(bare.status, 254);
  assert.match(bare.err, /^h:1:1: expected a history, but the file is empty\n$/);
  assert.equal(named.status, 0);
  for (
    const model of ["cas-register", "list-append", "rw-register", "bank", "counter", "set", "set-full", "long-fork"]
  ) {
    for (const format of ["jsonl", "json", "edn", "jepsen-log", "kaya-wgl"]) {
      const { status, out } = await check({ h: " \n" }, "--format", format, "--model", model, "@h");
      assert.deepEqual([status, out.split("  ")[1]], [0, "valid"], `${format} as ${model}`);
    }
  }
});

test("a file cut off in the middle of a line is refused with line and column", { skip }, async () => {
  const { status, err, out } = await check({ h: (written + read(1)).slice(0, -20) }, "@h");

  assert.deepEqual([status, out], [254, ""]);
  assert.match(err, /^h:4:\d+: expected /);
});

test("a model that cannot be found out is asked for", { skip }, async () => {
  const set = '{"process":0,"type":"invoke","f":"add","value":1}\n{"process":0,"type":"ok","f":"add","value":1}\n';

  const open = await check({ h: set }, "@h");
  const strange = await check({ h: event(0, "invoke", "dance") }, "@h");

  assert.deepEqual([open.status, strange.status], [254, 254]);
  const asked = "h: the model cannot be inferred: ";
  assert.equal(
    open.err,
    `${asked}no read tells whether it is a counter or a set; say --model counter or --model set\n`,
  );
  assert.ok(strange.err.startsWith(`${asked}its operations are dance; no model knows them (register, cas-register, `));
});

test("wrong usage is told before any file is read", { skip }, async () => {
  await assert.rejects(check({}, "--model", "kw", "@h"), { name: "UsageError", message: /"kw"; did you mean kv\?/ });
  await assert.rejects(check({}, "--model", "serializable", "@h"), {
    name: "UsageError",
    message: /did you mean --model list-append or rw-register with --consistency-model serializable\?$/,
  });
  await assert.rejects(check({}, "--format", "yaml", "@h"), { name: "UsageError" });
  await assert.rejects(check({}, "--version-order", "transaction-order", "@h"), {
    name: "UsageError",
    message: /^--version-order: .*expected some of wfr-keys, sequential-keys, linearizable-keys$/,
  });
  await assert.rejects(check({}, "--timeout", "-1", "@h"), { name: "UsageError" });
  await assert.rejects(check({}), { name: "UsageError", message: /needs a file/ });
});

test(
  "an unknown consistency model is wrong usage, and the one that was probably meant is named",
  { skip },
  async () => {
    for (
      const [flag, value, hint] of [
        ["--consistency-model", "serialisable", /"serialisable"; did you mean serializable\?$/],
        ["--consistency-model", "pl-3", /"pl-3"; did you mean PL-3\?$/],
        ["--consistency-model", "snapshot", /"snapshot"; did you mean snapshot-isolation\?$/],
        ["--consistency-model", "eventual", /"eventual"; there are 1SR, .*, writes-follow-reads$/],
        ["--model", "list-append:strict-serialisable", /"strict-serialisable"; did you mean strict-serializable\?$/],
      ] as const
    ) {
      await assert.rejects(check({ h: written }, flag, value, "@h"), { name: "UsageError", message: hint });
    }
  },
);

test("a file that is not a history is refused, however it begins", { skip }, async () => {
  const files = {
    markdown: "# A title\n\nSome text\n",
    script: "#!/bin/sh\n",
    binary: "\x7fELF\0\0",
    settings: '{\n  "name": "x"\n}\n',
    table: "x,y\n1,2\n",
  };

  const { status, err } = await check(files, ...Object.keys(files).map((name) => `@${name}`));

  const lines = err.trimEnd().split("\n");
  assert.equal(status, 254);
  assert.match(lines[0]!, /^markdown:1:1: no history in any of the formats jsonl, .*: it begins with "# A title"$/);
  assert.match(lines[1]!, /^script:1:1: no history .*: it begins with "#!\/bin\/sh"$/);
  assert.match(lines[2]!, /^binary:1:1: no history .*: it begins with bytes, not text$/);
  assert.match(lines[3]!, /^settings:1:1: expected an event, with "type", "process" and "f", found {"name":"x"}$/);
  assert.match(lines[4]!, /^table:1:1: no history .*: it begins with "x,y"$/);
  assert.equal(lines.length, 5);
});

test("flags of transactions are wrong usage with a model of something else", { skip }, async () => {
  for (const flag of ["--consistency-model", "--version-order", "--dot"]) {
    const value = flag === "--version-order" ? "wfr-keys" : "serializable";
    await assert.rejects(check({ h: written }, flag, value, "--model", "kv", "@h"), {
      name: "UsageError",
      message: /^--[a-z-]+ is for .*rw-register, not for kv$/,
    });
    const found = await check({ h: written }, flag, value, "@h");

    assert.deepEqual([found.status, found.out], [254, ""]);
    assert.match(found.err, /^h: --[a-z-]+ is for .*rw-register, not for kv, which is the inferred model; .*\n$/);
  }
});

test("past its time a check is unknown, and says how far it came", { skip }, async () => {
  // A model of one's own is searched, whatever the judge knows of its own ones.
  const model = `export default {
    name: "list", initial: [],
    step: (list, { f, argument, result, type }) =>
      f === "add" ? [[...list, argument]] : type === "info" || result === list.length ? [list] : [],
  };`;
  let history = "";
  for (let process = 0; process < 14; process++) history += event(process, "invoke", "add", process);
  for (let process = 0; process < 14; process++) history += event(process, "ok", "add");
  history += event(99, "invoke", "size") + event(99, "ok", "size", 13);

  const { status, out } = await check({ h: history, "m.mjs": model }, "--timeout", "0", "--model", "@m.mjs", "@h");

  assert.equal(status, 2, out);
  assert.match(out, /unknown .*\n {2}Stopped by its limits after \d+ of 30 events/);
});

test("--witness shows an order that explains a valid history", { skip }, async () => {
  const { out } = await check({ h: written + read(1) }, "--witness", "@h");

  assert.match(out, /the order of "x", by line of invocation: 1 3\n$/);
});

test("--witness of a long history shows some of it, and where the rest is", { skip }, async () => {
  const many = (written + read(1)).repeat(100);
  const keys = Array.from({ length: 20 }, (_, key) => many.replaceAll('"key":"x"', `"key":${key}`)).join("");

  const { out } = await check({ h: keys }, "--witness", "@h");

  const lines = out.trimEnd().split("\n");
  assert.match(lines[1]!, /^ {2}the order of 0, by line of invocation: 1 3 .* 63 \.\.\. and 168 more$/);
  assert.deepEqual(lines.slice(-2), ["  ... and 4 more keys", "  (all of it: --json)"]);
  assert.equal(lines.length, 1 + 16 + 2);
  const whole = JSON.parse((await check({ h: keys }, "--witness", "--json", "@h")).out);
  assert.deepEqual([whole.witness.length, whole.witness[0].order.length], [20, 200]);
});

test("--witness is wrong usage for a model without such an order", { skip }, async () => {
  await assert.rejects(check({ h: written }, "--witness", "--model", "bank", "@h"), {
    name: "UsageError",
    message: "--witness is for linearizability, not for bank",
  });
});

test("transactions go to the checker that knows them", { skip }, async () => {
  const txn = (process: number, type: string, value: unknown): string =>
    `${JSON.stringify({ process, type, f: "txn", value })}\n`;
  const history = txn(0, "invoke", [["append", "x", 1]]) + txn(0, "ok", [["append", "x", 1]]) +
    txn(1, "invoke", [["r", "x", null]]) + txn(1, "ok", [["r", "x", []]]);

  const strict = await check({ h: history }, "--json", "@h");
  const weak = await check({ h: history }, "--json", "--consistency-model", "serializable", "@h");

  assert.deepEqual([strict.status, JSON.parse(strict.out).model], [1, "list-append"]);
  assert.equal(weak.status, 0);
});

for (
  const [what, model, values, message] of [
    [
      "a value that is no list of operations",
      "list-append",
      ['[["append","x",1]]', '"hello"'],
      /^h:3: Cannot judge .*"hello"\n$/,
    ],
    [
      "a read that returned no list",
      "list-append",
      ['[["append","x",1]]', '[["r","x",5]]'],
      /^h:3: Cannot judge .*found 5\n$/,
    ],
    [
      "an operation of another model",
      "rw-register",
      ['[["w","x",1]]', '[["append","x",1]]'],
      /^h:3: Cannot judge .*append/,
    ],
    ["an amount that is no number", "counter", ["1", '"many"'], /^h:2: Cannot judge .*many/],
  ] as const
) {
  test(`${what} is wrong input of ${model}, with its line`, { skip }, async () => {
    const f = model === "counter" ? "add" : "txn";
    const event = (process: number, type: string, value: string): string =>
      `{"process":${process},"type":"${type}","f":"${f}","value":${value}}\n`;
    const history = event(0, "ok", values[0]) + event(1, "invoke", values[1]) + event(1, "ok", values[1]);

    const { status, out, err } = await check({ h: history }, "--model", model, "@h");

    assert.deepEqual([status, out], [254, ""]);
    assert.match(err, message);
  });
}

test("a history of sessions is no input of other models", { skip }, async () => {
  const { status, err } = await check({ h: "w(1,1,0,0)\nr(1,1,1,1)\n" }, "--model", "list-append", "@h");

  assert.equal(status, 254);
  assert.match(err, /^h: Cannot judge a history of sessions as list-append: expected rw-register\n$/);
});

const logs = corpusVerdicts().filter(({ format, path, skip }) =>
  format === "jepsen-log" && skip === false && readCorpus(path).length > 0
);

test(
  "histories of the corpus get the same verdict with inferred format and model",
  { skip: skipWithoutCorpus || (logs.length > 0 ? false : "this corpus lists no logs") },
  async () => {
    for (const { path, model, verdict } of logs) {
      const status = await main([join(corpusFolder, path)], {
        out: () => {},
        err: () => {},
        progress: () => {},
        style: (_, text) => text,
      });
      assert.equal(status, verdict === "valid" ? 0 : 1, `${path} (${model})`);
    }
  },
);

test("a second run in a file shows by its index, and is judged only where the user says so", { skip }, async () => {
  const indexed = (from: number, lines: string): string =>
    lines.trim().split("\n").map((line, i) => `${JSON.stringify({ index: from + i, ...JSON.parse(line) })}\n`).join("");
  const run = indexed(0, written + read(1));
  const edn = (text: string): string =>
    text.replaceAll(
      /"(\w+)":("?)(\w+)"?/g,
      (_, name, quote, value) => `:${name} ${quote === "" || name === "key" ? quote + value + quote : `:${value}`}`,
    );

  for (const two of [run + run, edn(run + run)]) {
    const asked = await check({ h: two }, "@h");
    assert.deepEqual([asked.status, asked.out], [254, ""]);
    assert.match(asked.err, /^h:5: the index goes back to 0, after that of line 3: .*another run.*--keep-order/);
    assert.equal((await check({ h: two }, "--keep-order", "@h")).status, 0);
  }
  assert.equal((await check({ h: indexed(1, written + read(1)) }, "@h")).status, 0);
  assert.equal((await check({ h: indexed(0, written) + indexed(10, read(1)) }, "@h")).status, 0);
  // Some tools give a completion the index of its operation.
  const ofOperations = indexed(0, event(0, "invoke", "put", 1)) + indexed(1, event(1, "invoke", "get")) +
    indexed(0, event(0, "ok", "put", 1)) + indexed(1, event(1, "ok", "get", 1));
  assert.equal((await check({ h: ofOperations }, "@h")).status, 0);
});

test("kaya-wgl is recognized by its operations, others with intervals are not taken for it", { skip }, async () => {
  const other = '{"client":"a","op":"write","value":1,"start":1,"end":2}\n' +
    '{"client":"b","op":"read","result":2,"start":3,"end":4}\n';
  const wgl = '{"client":0,"op":"put","key":"k","value":"v","start":1,"end":2,"result":"ok"}\n' +
    '{"client":1,"op":"get","key":"k","result":"v","start":2,"end":3}\n';
  assert.match((await check({ h: other }, "@h")).out, /invalid.*read as intervals/);
  assert.match((await check({ h: wgl }, "@h")).out, /valid.*read as kaya-wgl/);
});

test("a key that was forgotten is not taken for a key of its own", { skip }, async () => {
  const { status, out, err } = await check({ h: written + event(1, "invoke", "get").replace(',"key":"x"', "") }, "@h");
  assert.deepEqual([status, out], [254, ""]);
  assert.match(err, /^h:3: the get has no key, but other operations have one\n$/);
});
