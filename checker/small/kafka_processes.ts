/**
 * Checks the order of offsets that each process of the `kafka` workload saw: offsets that do not grow, and offsets that
 * were skipped.
 *
 * @module
 */
import { entryOf } from "../entries.ts";
import { type KafkaError, type KafkaErrorKind, type Log, offsetsBetween } from "./kafka_logs.ts";
import type { Step } from "./kafka_operations.ts";

/** The last offset of a process in each key. */
interface Positions {
  readonly polled: Map<string, number>;
  readonly sent: Map<string, number>;
}

/** Checks the steps of every process. */
export function followProcesses(steps: readonly Step[], logs: ReadonlyMap<string, Log>): KafkaError[] {
  const errors: KafkaError[] = [];
  const positions = new Map<unknown, Positions>();
  for (const step of steps) {
    const position = entryOf(positions, step.process, () => ({ polled: new Map(), sent: new Map() }));
    // The process may continue at any offset; a last poll begins at the beginning.
    const isFinal = step.polls.some((poll) => poll.isFinal);
    if (step.type === "moved" || isFinal) position.polled.clear();
    pollsAfter(step, position.polled, logs, errors);
    if (isFinal) position.polled.clear();
    sendsAfter(step, position.sent, errors);
  }
  return errors;
}

function pollsAfter(
  { polls, event: { index } }: Step,
  before: Map<string, number>,
  logs: ReadonlyMap<string, Log>,
  errors: KafkaError[],
): void {
  const within = new Set<string>();
  for (const { key, messages } of polls) {
    for (const [offset] of messages) {
      const last = before.get(key);
      const prefix = within.has(key) ? "int-" : "";
      before.set(key, offset);
      within.add(key);
      if (last === undefined) continue;
      const error = (kind: KafkaErrorKind, text: string): void => void errors.push({ kind, key, index, text });
      const order = `offset ${offset} was polled after ${last}`;
      if (offset <= last) error(`${prefix}nonmonotonic-poll` as KafkaErrorKind, order);
      else {
        const skipped = offsetsBetween(logs.get(key)!, last, offset);
        if (skipped.length > 0) error(`${prefix}poll-skip` as KafkaErrorKind, `${order}, past ${skipped[0]}`);
      }
    }
  }
}

function sendsAfter({ sends, event: { index } }: Step, before: Map<string, number>, errors: KafkaError[]): void {
  const within = new Set<string>();
  for (const { key, offset } of sends) {
    if (offset === null) continue;
    const last = before.get(key);
    const kind = within.has(key) ? "int-nonmonotonic-send" : "nonmonotonic-send";
    before.set(key, offset);
    within.add(key);
    if (last === undefined || offset > last) continue;
    errors.push({ kind, key, index, text: `a message was sent to offset ${offset} after one to ${last}` });
  }
}
