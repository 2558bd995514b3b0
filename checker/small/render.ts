/**
 * Formats the findings of the small checkers as text.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import { QUANTILES } from "./quantiles.ts";
import type { WorkloadVerdict } from "./workload.ts";

/** How many items of a list are shown. */
const maxShown = 10;

/** Lists at most the first ten items, separated by commas, and says how many more there are. */
function listed(items: readonly string[], count: number = items.length): string {
  const shown = items.slice(0, maxShown);
  const more = count - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function shown(value: unknown): string {
  const text = jsonOf(value);
  return text.length > 200 ? text.slice(0, 197) + "..." : text;
}

/** Accessors for the parts of `found`, by name. */
interface Parts {
  readonly found: WorkloadVerdict["found"];
  /** A count; 0 if there is no part of that name. */
  readonly number: (name: string) => number;
  readonly items: (name: string) => readonly unknown[];
  /** A line of elements; no line if `count` is 0. */
  readonly elements: (title: string, name: string, count: number) => string[];
}

function partsOf(found: WorkloadVerdict["found"]): Parts {
  const number = (name: string): number => (found[name] as number | undefined) ?? 0;
  const items = (name: string): readonly unknown[] => (found[name] as readonly unknown[] | undefined) ?? [];
  const elements = (title: string, name: string, count: number): string[] =>
    count === 0 ? [] : [`${title}: ${listed(items(name).map(shown), count)}`];
  return { found, number, items, elements };
}

/** The important parts of `found` for a person, one line each. */
export function foundInWords({ model, found }: WorkloadVerdict): string[] {
  const inWords = Object.hasOwn(wordsByModel, model) ? wordsByModel[model] : undefined;
  return inWords?.(partsOf(found)) ?? Object.entries(found).map(([name, value]) => `${name}: ${shown(value)}`);
}

function bankInWords({ found, number }: Parts): string[] {
  return number("readCount") === 0 ? [] : [
    `${plural(number("readCount"), "read")} of accounts that hold ${number("totalAmount")} together`,
    ...Object.entries((found["errors"] ?? {}) as Record<string, BankError>).map(([kind, { count, first }]) =>
      `${kind}: ${plural(count, "read")}, the first at event ${first.index}: ` +
      `${shown(first.balances)} (${wordsOf[kind] ?? kind} ${shown(first.detail)})`
    ),
  ];
}

function counterInWords({ number, items }: Parts): string[] {
  return [
    plural(number("readCount"), "read"),
    ...(number("errorCount") === 0 ? [] : [
      `out of bounds: ${
        listed(
          (items("errors") as readonly (readonly [number, number, number])[]).map(([lower, read, upper]) =>
            `${read} (not from ${lower} to ${upper})`
          ),
          number("errorCount"),
        )
      }`,
    ]),
  ];
}

function setInWords({ found, number, elements }: Parts): string[] {
  return [
    `${plural(number("attemptCount"), "element")} added, ${number("acknowledgedCount")} of them for sure` +
    (found["okCount"] === undefined ? "" : `; the last read has ${number("okCount")}`),
    ...elements("lost", "lost", number("lostCount")),
    ...elements("added by nobody", "unexpected", number("unexpectedCount")),
  ];
}

function setFullInWords({ found, number, elements }: Parts): string[] {
  return [
    `${plural(number("attemptCount"), "element")} added: ${number("stableCount")} stayed, ` +
    `${number("lostCount")} lost, ${number("neverReadCount")} never read`,
    ...elements("lost", "lost", number("lostCount")),
    ...elements("missed by a read that began after they were known", "stale", number("staleCount")),
    ...elements("added by nobody", "unexpected", number("unexpectedCount")),
    ...(number("duplicatedCount") === 0
      ? []
      : [`read more than once in one read: ${plural(number("duplicatedCount"), "element")}`]),
    ...latencies("until every later read had it", found["stableLatencies"]),
    ...latencies("until the last read that had what was lost", found["lostLatencies"]),
  ];
}

function finalCounterInWords({ number, items }: Parts): string[] {
  return [
    `${plural(number("addCount"), "add")}, ${plural(number("finalReadCount"), "last read")}; the sum is ${
      number("least") === number("greatest") ? number("least") : `from ${number("least")} to ${number("greatest")}`
    }`,
    ...(number("errorCount") === 0 ? [] : [
      `wrong last reads: ${
        listed(
          (items("errors") as readonly { index: number; value: number }[]).map(({ index, value }) =>
            `${value} at event ${index}`
          ),
          number("errorCount"),
        )
      }`,
    ]),
  ];
}

function uniqueIdsInWords({ number, elements }: Parts): string[] {
  return [
    `${plural(number("acknowledgedCount"), "id")} given out, ${number("duplicatedCount")} of them more than once`,
    ...elements("given out more than once", "duplicated", number("duplicatedCount")),
  ];
}

function echoInWords({ number, elements }: Parts): string[] {
  return [
    `${plural(number("echoCount"), "echo")} answered, ${number("errorCount")} of them wrongly`,
    ...elements("wrong", "errors", number("errorCount")),
  ];
}

function longForkInWords({ number, items }: Parts): string[] {
  return [
    `${plural(number("readCount"), "read")} of groups of keys`,
    ...(number("forkCount") === 0 ? [] : [
      `forks: ${
        listed(
          (items("forks") as readonly (readonly [number, number])[]).map(([a, b]) => `events ${a} and ${b}`),
          number("forkCount"),
        )
      }`,
    ]),
  ];
}

/** The text of each model's verdict; for other models the parts are listed as they are. */
const wordsByModel: Readonly<Record<string, (parts: Parts) => string[]>> = {
  "bank": bankInWords,
  "counter": counterInWords,
  "set": setInWords,
  "set-full": setFullInWords,
  "broadcast": setFullInWords,
  "g-set": setFullInWords,
  "pn-counter": finalCounterInWords,
  "g-counter": finalCounterInWords,
  "unique-ids": uniqueIdsInWords,
  "echo": echoInWords,
  "kafka": kafkaInWords,
  "long-fork": longForkInWords,
};

/** A line of quantiles, if there are any. */
function latencies(what: string, found: unknown): string[] {
  if (found === null || found === undefined) return [];
  const quantiles = QUANTILES.map((q) => `${q}: ${(found as Record<string, number>)[q]}`);
  return [`ms ${what}, by quantile: ${quantiles.join(", ")}`];
}

function kafkaInWords({ found, number }: Parts): string[] {
  const lag = found["worstLag"] as { ms: number; key: string; index: number } | null;
  const errors = Object.entries((found["errors"] ?? {}) as Record<string, KafkaErrors>);
  return [
    `${plural(number("sendCount"), "message")} sent, ${number("acknowledgedCount")} of them for sure; ` +
    `${number("polledCount")} were polled, ${number("unseenCount")} acknowledged ones never`,
    ...(lag === null ? [] : [`furthest behind: ${lag.ms} ms, key ${lag.key}, the poll at event ${lag.index}`]),
    ...errors.map(([kind, { count, first }]) =>
      `${kind}: ${plural(count, "time")}, first at event ${first.index}, key ${first.key}: ${first.text}`
    ),
  ];
}

interface KafkaErrors {
  readonly count: number;
  readonly first: { readonly key: string; readonly index: number; readonly text: string };
}

interface BankError {
  readonly count: number;
  readonly first: { readonly index: number; readonly balances: unknown; readonly detail: unknown };
}

/** The text for each kind of error of the bank. */
const wordsOf: Readonly<Record<string, string>> = {
  "unexpected-key": "there are no accounts",
  "nil-balance": "nothing in",
  "wrong-total": "together",
  "negative-value": "overdrawn:",
};
