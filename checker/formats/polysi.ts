/**
 * PolySI's text: one operation of a register transaction a line, `op(key,value,session,txn)`.
 *
 * @module
 */
import type { RegisterOperation, SessionHistory, SessionTransaction } from "../transactions/read/session_history.ts";
import { FormatError } from "./format_error.ts";

/**
 * Reads a history of sessions. Every key is 0 at first; what a session did as transaction -1 was aborted, each run of
 * such lines being one transaction.
 *
 * @throws {FormatError} A line is none of that form.
 */
export function parsePolysi(text: string): SessionHistory {
  const sessions = new Map<
    string,
    { operations: RegisterOperation[]; committed: boolean; line: number; txn: string }[]
  >();
  const known = new Map<string, { operations: RegisterOperation[] }>();
  text.split("\n").forEach((raw, number) => {
    const content = raw.trim();
    if (content === "") return;
    const match = /^([rw])\(\s*([^,()\s]+)\s*,\s*([^,()\s]+)\s*,\s*([^,()\s]+)\s*,\s*(-?\d+)\s*\)$/.exec(content);
    if (match === null) {
      throw new FormatError(
        number + 1,
        1,
        `expected an operation such as r(0,4,1,3), found ${JSON.stringify(content.slice(0, 60))}`,
      );
    }
    const [, f, key, value, session, txn] = match as unknown as [string, "r" | "w", string, string, string, string];
    let transactions = sessions.get(session);
    if (transactions === undefined) sessions.set(session, transactions = []);
    const last = transactions.at(-1);
    let transaction = txn === "-1" ? (last?.txn === "-1" ? last : undefined) : known.get(`${session},${txn}`);
    if (transaction === undefined) {
      const made = { operations: [], committed: txn !== "-1", line: number + 1, txn };
      transactions.push(made);
      if (txn !== "-1") known.set(`${session},${txn}`, made);
      transaction = made;
    }
    transaction.operations.push([f, scalar(key), scalar(value)]);
  });
  return { sessions: [...sessions.values()].map((each): SessionTransaction[] => each), initial: 0 };
}

/** A number where the text is one that a number can hold; else the text. */
export function scalar(text: string): number | string {
  const number = Number(text);
  return /^-?\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}
