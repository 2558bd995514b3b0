import assert from "node:assert/strict";
import { test } from "node:test";
import { HelpRequest, nearest, parseFlags, UsageError } from "../../../harness/cli/flags.ts";

const SPEC = {
  nodes: { type: "integer", default: 5, min: 1, max: 99 },
  seed: { type: "integer", min: 0 },
  rate: { type: "number", default: 100, min: 0.1 },
  nemesis: { type: "string", value: "FAULTS", default: "partition" },
  reads: { type: "string", default: "log", oneOf: ["log", "local"] },
  peer: { type: "strings" },
  json: { type: "boolean" },
} as const;

function complaint(...args: string[]): string {
  try {
    parseFlags(args, SPEC);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  assert.fail("the flags were taken");
}

test("flags that are left out have their defaults", () => {
  const { flags, words } = parseFlags([], SPEC);

  assert.deepEqual({ ...flags }, {
    nodes: 5,
    seed: undefined,
    rate: 100,
    nemesis: "partition",
    reads: "log",
    peer: [],
    json: false,
  });
  assert.deepEqual(words, []);
});

test("a flag that takes one value is not given twice", () => {
  assert.equal(complaint("--nodes", "3", "--nodes=4"), "--nodes is given twice");
  assert.equal(parseFlags(["--json", "--json"], { json: SPEC.json, peer: SPEC.peer }).flags.json, true);
});

test("flags take their value behind a space or an equals sign, and words stay in order", () => {
  const args = ["a.jsonl", "--nodes", "3", "--rate=0.5", "-", "--json", "--peer", "x", "--peer", "y", "b.jsonl"];

  const { flags, words } = parseFlags(args, SPEC);

  assert.equal(flags.nodes, 3);
  assert.equal(flags.rate, 0.5);
  assert.equal(flags.json, true);
  assert.deepEqual(flags.peer, ["x", "y"]);
  assert.deepEqual(words, ["a.jsonl", "-", "b.jsonl"]);
});

test("a number that is out of range, is no number or has a fraction is refused with its range", () => {
  assert.equal(complaint("--nodes", "0"), '--nodes takes a whole number from 1 to 99, but was given "0"');
  assert.equal(complaint("--nodes=-3"), '--nodes takes a whole number from 1 to 99, but was given "-3"');
  assert.equal(complaint("--nodes", "-3"), '--nodes takes a whole number from 1 to 99, but was given "-3"');
  assert.equal(complaint("--nodes", "2.5"), '--nodes takes a whole number from 1 to 99, but was given "2.5"');
  assert.equal(complaint("--seed", "x"), '--seed takes a whole number of at least 0, but was given "x"');
  assert.equal(complaint("--seed", "0x10"), '--seed takes a whole number of at least 0, but was given "0x10"');
  assert.equal(
    complaint("--seed", "9007199254740993"),
    '--seed takes a whole number of at least 0, but was given "9007199254740993"',
  );
  assert.equal(complaint("--seed", ""), '--seed takes a whole number of at least 0, but was given ""');
  assert.equal(complaint("--rate", "NaN"), '--rate takes a number of at least 0.1, but was given "NaN"');
});

test("an unknown flag is refused, and the one that was probably meant is named", () => {
  assert.equal(complaint("--nemisis", "partition"), "Unknown flag --nemisis; did you mean --nemesis?");
  assert.equal(complaint("--frobnicate"), "Unknown flag --frobnicate");
  assert.equal(complaint("--constructor"), "Unknown flag --constructor");
  assert.equal(complaint("-x"), "Unknown flag -x");
});

test("a flag without its value, or with an invalid one, is refused", () => {
  assert.equal(complaint("--nodes"), "--nodes needs a value: a whole number from 1 to 99");
  assert.equal(complaint("--nodes", "--json"), "--nodes needs a value: a whole number from 1 to 99");
  assert.equal(complaint("--nemesis"), "--nemesis needs a value: FAULTS");
  assert.equal(complaint("--json=yes"), '--json takes no value, but was given "yes"');
  assert.equal(
    complaint("--reads", "locl"),
    '--reads takes one of log, local, but was given "locl"; did you mean local?',
  );
});

test("the nearest name is at most two slips away and shares half of it, or begins with what was given; case is no slip", () => {
  assert.equal(nearest("chekc", ["check", "fuzz"]), "; did you mean check?");
  assert.equal(nearest("CHECK", ["check", "fuzz"]), "; did you mean check?");
  assert.equal(nearest("unrelated", ["check", "fuzz"]), "");
  assert.equal(nearest("junk", ["run"]), "");
  assert.equal(nearest("snap", ["fuzz", "snapshot-isolation"]), "; did you mean snapshot-isolation?");
  assert.equal(nearest("ch", ["checking"]), "");
});

test("--help lists every flag with what it takes and its default", () => {
  const spec = {
    nodes: { type: "integer", default: 5, min: 1, max: 99, about: "How many nodes there are" },
    seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER },
    reads: { type: "string", default: "log", oneOf: ["log", "local"] },
    out: { type: "string", value: "FOLDER", about: "A folder for the results, made where there is none: all is in it" },
    json: { type: "boolean", about: "One object on one line" },
  } as const;

  assert.throws(() => parseFlags(["--help"], spec), (error) => {
    assert.ok(error instanceof HelpRequest);
    assert.equal(
      error.message,
      [
        "Flags:",
        "  --nodes N     How many nodes there are (a whole number from 1 to 99; 5 if left",
        "                out)",
        "  --seed N      a whole number from 0 to 2^53 - 1",
        "  --reads NAME  one of log, local; log if left out",
        "  --out FOLDER  A folder for the results, made where there is none: all is in it",
        "  --json        One object on one line",
        "",
      ].join("\n"),
    );
    return true;
  });
});
