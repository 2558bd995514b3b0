/**
 * AWDIT's text: `r KEY VALUE` and `w KEY VALUE`, a line of `-----` after a transaction, of `=====` after a session.
 *
 * @module
 */
import type { RegisterOperation, SessionHistory, SessionTransaction } from "../transactions/read/session_history.ts";
import { FormatError } from "./format_error.ts";
import { scalar } from "./polysi.ts";

/**
 * Reads a history of sessions. Nothing is said of what a key holds at first, so every value read must have been
 * written.
 *
 * @throws {FormatError} A line is none of that form.
 */
export function parseAwdit(text: string): SessionHistory {
  const sessions: SessionTransaction[][] = [];
  let session: SessionTransaction[] = [];
  let operations: RegisterOperation[] = [];
  let line = 1;
  const endTransaction = (next: number): void => {
    if (operations.length > 0) session.push({ operations, committed: true, line });
    operations = [];
    line = next;
  };
  const lines = text.split("\n");
  lines.forEach((raw, number) => {
    const content = raw.trim();
    if (content === "") return;
    if (/^-{3,}$/.test(content)) return endTransaction(number + 2);
    if (/^={3,}$/.test(content)) {
      endTransaction(number + 2);
      sessions.push(session);
      session = [];
      return;
    }
    const match = /^([rw])\s+(\S+)\s+(\S+)$/.exec(content);
    if (match === null) {
      throw new FormatError(
        number + 1,
        1,
        `expected "r KEY VALUE", "w KEY VALUE", "-----" or "=====", found ${JSON.stringify(content.slice(0, 60))}`,
      );
    }
    operations.push([match[1] as "r" | "w", scalar(match[2]!), scalar(match[3]!)]);
  });
  endTransaction(0);
  if (session.length > 0) sessions.push(session);
  return { sessions, initial: null };
}
