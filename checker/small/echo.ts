/**
 * Echo: each answer must equal the request.
 *
 * @module
 */
import { isRecord } from "../record.ts";
import type { HistoryEvent } from "../history.ts";
import { jsonOf } from "../json_of.ts";
import { assertHasAny, member, operationsOf, type WorkloadVerdict, workloadVerdict } from "./workload.ts";

/**
 * Judges operations `echo`. A result is the text itself, or an object with the text as `echo`, because Maelstrom keeps
 * the whole body of the answer.
 *
 * @returns In `found`: `echoCount`, `errorCount`, and under `errors` the first 20 as `{ index, asked, answered }`.
 * @throws {TypeError} If the history has no operation `echo`.
 */
export function checkEcho(history: readonly HistoryEvent[]): WorkloadVerdict {
  const operations = operationsOf(history);
  assertHasAny("echo", operations, ["echo"]);
  const errors: { index: number; asked: unknown; answered: unknown }[] = [];
  let echoCount = 0;
  for (const { f, end, invocation, completion } of operations) {
    if (f !== "echo" || end !== "ok" || invocation === undefined) continue;
    echoCount++;
    const answered = echoIn(completion!.value);
    if (member(answered) === member(invocation.value)) continue;
    errors.push({ index: completion!.index, asked: invocation.value, answered });
  }
  const [first] = errors;
  const valid = first !== undefined ? false : echoCount === 0 ? "unknown" : true;
  const reason = first !== undefined
    ? `${jsonOf(first.asked)} was answered by ${jsonOf(first.answered) ?? "nothing"} at event ${first.index}`
    : "nothing succeeded: no echo was answered";
  return workloadVerdict("echo", operations, {
    valid,
    reason,
    found: { echoCount, errorCount: errors.length, errors: errors.slice(0, 20) },
  });
}

function echoIn(value: unknown): unknown {
  const isBody = isRecord(value) && "echo" in value;
  return isBody ? value.echo : value;
}
