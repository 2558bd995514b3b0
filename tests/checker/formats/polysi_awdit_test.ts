import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAwdit } from "../../../checker/formats/awdit.ts";
import { FormatError } from "../../../checker/formats/format_error.ts";
import { parsePolysi } from "../../../checker/formats/polysi.ts";
import { checkSessions } from "../../../checker/transactions/check.ts";

test("PolySI's lines of one session and transaction are one transaction", () => {
  const { sessions, initial } = parsePolysi("w(0,1,1,1)\nr(0,1,2,7)\nw(1,2,1,1)\r\n\nw(0,3,1,2)\n");
  assert.equal(initial, 0);
  assert.deepEqual(sessions.map((session) => session.map(({ operations }) => operations)), [
    [[["w", 0, 1], ["w", 1, 2]], [["w", 0, 3]]],
    [[["r", 0, 1]]],
  ]);
});

test("PolySI's transaction -1 was aborted, each run of its lines on its own", () => {
  const { sessions } = parsePolysi("w(0,1,1,-1)\nw(1,1,1,-1)\nr(0,0,1,1)\nw(0,2,1,-1)\n");
  assert.deepEqual(sessions[0]!.map(({ committed, operations }) => [committed, operations.length]), [[false, 2], [
    true,
    1,
  ], [false, 1]]);
});

test("in PolySI's files a read of an aborted write is found, and a read of 0 is a read of the initial state", () => {
  assert.ok(checkSessions(parsePolysi("w(0,1,1,-1)\nr(0,1,2,1)\n")).anomalyTypes.includes("G1a"));
  assert.equal(checkSessions(parsePolysi("r(0,0,2,1)\nw(0,1,2,2)\n")).valid, true);
  assert.ok(checkSessions(parsePolysi("r(0,5,2,1)\n")).anomalyTypes.includes("thin-air-read"));
});

test("AWDIT's dashes end a transaction, its equals signs a session", () => {
  const { sessions } = parseAwdit("w 0 0\nw 1 a\n-----\nr 0 0\n=====\nr 1 a\n");
  assert.deepEqual(sessions.map((session) => session.map(({ operations, line }) => [line, operations])), [
    [[1, [["w", 0, 0], ["w", 1, "a"]]], [4, [["r", 0, 0]]]],
    [[6, [["r", 1, "a"]]]],
  ]);
});

test("an invalid line is refused with its number", () => {
  for (
    const [parse, text, line] of [[parsePolysi, "w(0,1,1,1)\nx(0,1,1,1)", 2], [parsePolysi, "w(0,1,1)", 1], [
      parseAwdit,
      "w 0 0\n\nr 0",
      3,
    ]] as const
  ) {
    assert.throws(() => parse(text), (error) => error instanceof FormatError && error.line === line);
  }
});

test("in a history of sessions strict and strong-session serializability are one, and a name alone has no sessions", () => {
  const stale = parseAwdit("w 0 1\n=====\nw 0 2\n=====\nr 0 2\n-----\nr 0 1\n-----\nr 0 2\n");
  assert.equal(checkSessions(stale).valid, false);
  assert.equal(checkSessions(stale, { consistencyModel: "strict-serializable" }).valid, false);
  assert.equal(checkSessions(stale, { consistencyModel: "serializable" }).valid, true);
});
