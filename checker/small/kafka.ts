/**
 * Logs in Kafka's style: Jepsen's `kafka` workload. Clients send messages to keys, and poll the keys that they are
 * assigned.
 *
 * Each message is sent once, and has one offset in the log of its key. The check looks for these errors:
 *
 * | error | what happened |
 * |---|---|
 * | `lost-write` | a message was acknowledged, later ones of its key were polled, and nobody ever polled it |
 * | `unseen` | a message was acknowledged, and the last polls of its key, from the beginning, do not have it |
 * | `duplicate` | a message has two offsets |
 * | `inconsistent-offsets` | an offset has two messages |
 * | `G1a` | a message was polled whose send failed |
 * | `unexpected` | a message was polled that nobody sent |
 * | `int-poll-skip`, `poll-skip` | within an operation, or between two polls of a process, a known offset was skipped |
 * | `int-nonmonotonic-poll`, `nonmonotonic-poll` | within an operation, or between two polls, offsets did not grow |
 * | `int-nonmonotonic-send`, `nonmonotonic-send` | within an operation, or between two sends, offsets did not grow |
 *
 * The verdict also reports how far polls are behind. That is no error: a server may be late.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import type { HistoryEvent } from "../history.ts";
import { type KafkaError, type KafkaErrorKind, type Log, logsOf } from "./kafka_logs.ts";
import { kafkaOperations } from "./kafka_operations.ts";
import { followProcesses } from "./kafka_processes.ts";
import { worstLag } from "./kafka_lag.ts";
import { type WorkloadVerdict, workloadVerdict } from "./workload.ts";

/**
 * Judges operations `send`, `poll` and `txn` (lists of `["send", key, message]` and `["poll"]`, with the results
 * `["send", key, [offset, message]]` and `["poll", { key: [[offset, message], ...] }]`), `assign` and `subscribe`
 * (lists of keys). Other operations are ignored.
 *
 * @returns In `found`: `sendCount`, `acknowledgedCount`, `pollCount`, `polledCount`, `unseenCount`, `worstLag`
 * (milliseconds, if the history has times), and under `errors`, by kind, the count and the first case as `{ key, index,
 * text }`.
 * @throws {TypeError} If the history has no such operations, or one has another form.
 */
export function checkKafka(history: readonly HistoryEvent[]): WorkloadVerdict {
  const { operations, sends, polls, steps } = kafkaOperations(history);
  const logs = logsOf(sends, polls);
  const errors: KafkaError[] = [...logs.values()].flatMap((log) => log.errors);
  errors.push(...followProcesses(steps, logs));
  const found: Partial<Record<KafkaErrorKind, { count: number; first: unknown }>> = {};
  for (const { kind, key, index, text } of errors.sort((a, b) => a.index - b.index)) {
    const known = found[kind];
    if (known === undefined) found[kind] = { count: 1, first: { key, index, text } };
    else known.count++;
  }
  const polledCount = [...logs.values()].reduce((sum, log) => sum + log.polled.size, 0);
  const doubt = sends.length === 0
    ? "nothing succeeded: nothing was sent"
    : polledCount === 0
    ? "no message was ever polled"
    : undefined;
  const [first] = errors;
  const reason = first !== undefined ? `${first.kind} of key ${jsonOf(first.key)}: ${first.text}` : doubt;
  return workloadVerdict("kafka", operations, {
    valid: first !== undefined ? false : doubt === undefined ? true : "unknown",
    reason,
    found: {
      sendCount: sends.length,
      acknowledgedCount: sends.filter(({ end }) => end === "ok").length,
      pollCount: polls.length,
      polledCount,
      unseenCount: [...logs.values()].reduce((sum, log) => sum + unseenOf(log), 0),
      worstLag: worstLag(steps, logs),
      errors: found,
    },
  });
}

/** How many acknowledged messages of a key nobody polled. */
function unseenOf(log: Log): number {
  let count = 0;
  for (const [message] of log.acknowledged) if (!log.polled.has(message)) count++;
  return count;
}
