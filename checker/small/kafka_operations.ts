/**
 * Reads a history of the `kafka` workload: its sends, its polls, and the steps of each process in order.
 *
 * @module
 */
import type { HistoryEvent } from "../history.ts";
import { assertHasAny, type ClientOperation, type IndexedEvent, misfit, operationsOf } from "./workload.ts";

/** A message that was sent. */
export interface Send {
  /** The log's key, as text. */
  readonly key: string;
  /** The message. */
  readonly message: unknown;
  /** Its offset in the log; `null` if no client was told. */
  readonly offset: number | null;
  /** How the operation ended. */
  readonly end: "ok" | "fail" | "info";
  /** The event that ended it, or began it if none did. */
  readonly event: IndexedEvent;
}

/** The result of a poll for one key. */
export interface Poll {
  /** The log's key, as text. */
  readonly key: string;
  /** Offsets and messages, in the order of the result. */
  readonly messages: readonly (readonly [offset: number, message: unknown])[];
  /** The event that ended the poll. */
  readonly event: IndexedEvent;
  /** Whether it is one of the last polls, which read the whole log. */
  readonly isFinal: boolean;
}

/** One operation of a process. Steps are in the order in which the operations ended. */
export interface Step {
  /** The process. */
  readonly process: number | "nemesis";
  /** `moved`: the process was assigned other keys, or its operation failed; it may then continue at any offset. */
  readonly type: "sends" | "polls" | "moved";
  /** The sent messages, with their offsets. */
  readonly sends: readonly Send[];
  /** The polled messages. */
  readonly polls: readonly Poll[];
  /** The keys that it polls from now on, after an assignment. */
  readonly keys: readonly string[] | null;
  /** When the operation began, in nanoseconds; `null` if the history has no times. */
  readonly began: number | null;
  /** The event that ended it. */
  readonly event: IndexedEvent;
}

/** The content of a history. */
interface KafkaRecord {
  /** All operations of clients. */
  readonly operations: readonly ClientOperation[];
  /** The sent messages. */
  readonly sends: readonly Send[];
  /** The polled messages. */
  readonly polls: readonly Poll[];
  /** The steps of all processes. */
  readonly steps: readonly Step[];
}

const TRANSACTIONS: readonly string[] = ["send", "poll", "txn"];
const ASSIGNMENTS: readonly string[] = ["assign", "subscribe"];

/**
 * Reads a history.
 *
 * @throws {TypeError} If the history has no such operations, or one has another form.
 */
export function kafkaOperations(history: readonly HistoryEvent[]): KafkaRecord {
  const operations = operationsOf(history);
  assertHasAny("kafka", operations, [...TRANSACTIONS, ...ASSIGNMENTS, "crash"]);
  const sends: Send[] = [], polls: Poll[] = [], steps: Step[] = [];
  for (const operation of operations) {
    const { f, end, invocation, completion } = operation;
    const event = (completion ?? invocation)!;
    const common = { process: event.process, began: (invocation ?? completion)!.time ?? null, event };
    if (ASSIGNMENTS.includes(f)) {
      const keys = end === "ok" ? keysOf(event) : null;
      steps.push({ ...common, type: "moved", sends: [], polls: [], keys });
    } else if (TRANSACTIONS.includes(f)) {
      const sent = sendsOf(operation), polled = end === "ok" ? pollsOf(operation) : [];
      sends.push(...sent);
      polls.push(...polled);
      const type = end !== "ok" ? "moved" : hasPoll(event) ? "polls" : "sends";
      steps.push({ ...common, type, sends: end === "ok" ? sent : [], polls: polled, keys: null });
    }
  }
  steps.sort((a, b) => a.event.index - b.event.index);
  return { operations, sends, polls, steps };
}

function keysOf(event: IndexedEvent): string[] {
  const { value } = event;
  if (!Array.isArray(value)) throw misfit("kafka", event, "a list of keys", value);
  return value.map(String);
}

function micros(event: IndexedEvent): readonly (readonly unknown[])[] {
  const { value } = event;
  const isMicro = (each: unknown) => Array.isArray(each) && (each[0] === "send" || each[0] === "poll");
  if (Array.isArray(value) && value.every(isMicro)) return value;
  throw misfit("kafka", event, 'a list of ["send", key, message] or ["poll"]', value);
}

function hasPoll(event: IndexedEvent): boolean {
  return micros(event).some(([f]) => f === "poll");
}

function sendsOf({ invocation, completion, end }: ClientOperation): Send[] {
  const event = (completion ?? invocation)!;
  // The invocation has the message; a successful completion has its offset too.
  const source = end === "ok" ? completion! : (invocation ?? completion)!;
  return micros(source).filter(([f]) => f === "send").map(([, key, sent]): Send => {
    const isPlaced = end === "ok" && Array.isArray(sent) && sent.length === 2 && typeof sent[0] === "number";
    const [offset, message] = isPlaced ? sent as [number, unknown] : [null, sent];
    return { key: String(key), message, offset, end, event };
  });
}

function pollsOf({ invocation, completion }: ClientOperation): Poll[] {
  const event = completion!;
  const isFinal = (event.final ?? invocation?.final) === true;
  return micros(event).filter(([f]) => f === "poll").flatMap(([, result]) =>
    logsIn(result, event).map(([key, messages]): Poll => {
      const isPair = (each: unknown) => Array.isArray(each) && each.length === 2 && typeof each[0] === "number";
      if (!Array.isArray(messages) || !messages.every(isPair)) {
        throw misfit("kafka", event, "a poll of lists of [offset, message]", messages);
      }
      return { key, messages, event, isFinal };
    })
  );
}

/** The keys and messages in a poll's result, which is an object or a map. */
function logsIn(result: unknown, event: IndexedEvent): [string, unknown][] {
  if (result === undefined || result === null) return [];
  if (result instanceof Map) return [...result].map(([key, messages]) => [String(key), messages]);
  if (typeof result === "object" && !Array.isArray(result)) return Object.entries(result);
  throw misfit("kafka", event, "a poll of messages by key", result);
}
