/**
 * AWDIT's text: lines `r KEY VALUE` and `w KEY VALUE`; a line of `-----` ends a transaction, a line of `=====` a
 * session.
 *
 * @module
 */
import type { SessionHistory } from "../transactions/read/session_history.ts";
import { sessionsOfTable, type SessionTable, SessionTableBuilder } from "../transactions/read/session_table.ts";
import { bytesOf, operationsIn, SessionLines } from "./session_lines.ts";

const R = 114, W = 119, DASH = 45, EQUALS = 61;

/**
 * Reads a history of sessions. The format has no initial values, so every value that was read must have been written.
 *
 * @throws {FormatError} If a line has another form.
 */
export function parseAwdit(text: string): SessionHistory {
  return sessionsOfTable(readAwdit(text));
}

/**
 * As {@link parseAwdit}, without making an object for each transaction.
 *
 * @throws {FormatError} If a line has another form.
 */
export function readAwdit(input: Uint8Array | string): SessionTable {
  const lines = new SessionLines(bytesOf(input));
  const builder = new SessionTableBuilder(operationsIn(lines.bytes));
  let session = 0;
  /** The open transaction, and the line on which the next one begins. */
  let open = -1;
  let begin = 1;
  let isEmpty = true;
  for (;;) {
    while (lines.nextOperation()) {
      if (open < 0) open = builder.transaction(session, true, begin);
      isEmpty = false;
      builder.operationOfIntegers(open, lines.isWrite, builder.numberOfKey(lines.key), lines.value);
    }
    if (!lines.next()) break;
    if (lines.isRuleOf(DASH) || lines.isRuleOf(EQUALS)) {
      open = -1;
      begin = lines.line + 1;
      if (lines.isRuleOf(EQUALS)) {
        session++;
        isEmpty = true;
      }
      continue;
    }
    const isWrite = lines.take(W);
    const isWhole = (isWrite || lines.take(R)) && lines.space();
    const key = isWhole ? lines.word() : undefined;
    const value = key !== undefined && lines.space() ? lines.word() : undefined;
    if (value === undefined || lines.at !== lines.end) {
      throw lines.fail('"r KEY VALUE", "w KEY VALUE", "-----" or "====="');
    }
    if (open < 0) open = builder.transaction(session, true, begin);
    isEmpty = false;
    builder.operation(open, isWrite, key, value);
  }
  return builder.table(isEmpty ? session : session + 1, null);
}
