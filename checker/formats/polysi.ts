/**
 * Reads PolySI's text: one operation of a register transaction a line, `op(key,value,session,txn)`.
 *
 * @module
 */
import type { SessionHistory } from "../transactions/read/session_history.ts";
import { sessionsOfTable, type SessionTable, SessionTableBuilder } from "../transactions/read/session_table.ts";
import { bytesOf, operationsIn, SessionLines } from "./session_lines.ts";

const R = 114, W = 119, OPEN = 40, CLOSE = 41, COMMA = 44;

/**
 * Reads a history of sessions. Every key is 0 at first. A run of lines with the transaction number -1 is one aborted
 * transaction.
 *
 * @throws {FormatError} If a line has another form.
 */
export function parsePolysi(text: string): SessionHistory {
  return sessionsOfTable(readPolysi(text));
}

/** The part of a session that was read. */
interface Session {
  readonly number: number;
  /** The number of each transaction, by its name in the file. */
  readonly known: Map<number, number>;
  /** The name and number of the last transaction. */
  lastName: number | undefined;
  last: number;
}

/**
 * As {@link parsePolysi}, without making an object for each transaction.
 *
 * @throws {FormatError} If a line has another form.
 */
export function readPolysi(input: Uint8Array | string): SessionTable {
  const lines = new SessionLines(bytesOf(input));
  const builder = new SessionTableBuilder(operationsIn(lines.bytes));
  const sessions = new Map<number | string, Session>();
  while (lines.next()) {
    const isWrite = lines.take(W);
    const isOperation = (isWrite || lines.take(R)) && lines.take(OPEN);
    const key = isOperation ? part(lines, COMMA) : undefined;
    const value = key === undefined ? undefined : part(lines, COMMA);
    const session = value === undefined ? undefined : part(lines, COMMA);
    const name = session === undefined ? undefined : part(lines, CLOSE);
    if (typeof name !== "number" || lines.at !== lines.end) throw lines.fail("an operation such as r(0,4,1,3)");
    let open = sessions.get(session!);
    if (open === undefined) {
      sessions.set(session!, open = { number: sessions.size, known: new Map(), lastName: undefined, last: -1 });
    }
    builder.operation(transactionOf(open, name, builder, lines.line), isWrite, key, value);
  }
  return builder.table(sessions.size, 0);
}

/** Reads a word and the character behind it. */
function part(lines: SessionLines, stop: number): number | string | undefined {
  lines.space();
  const word = lines.word(true);
  lines.space();
  return lines.take(stop) ? word : undefined;
}

function transactionOf(session: Session, name: number, builder: SessionTableBuilder, line: number): number {
  if (session.lastName === name) return session.last;
  const isAborted = name === -1;
  let transaction = isAborted ? undefined : session.known.get(name);
  if (transaction === undefined) {
    transaction = builder.transaction(session.number, !isAborted, line);
    if (!isAborted) session.known.set(name, transaction);
  }
  session.lastName = name;
  session.last = transaction;
  return transaction;
}
