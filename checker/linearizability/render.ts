/**
 * Formats a linearizability verdict as text for people.
 *
 * @module
 */
import type { LinearizabilityVerdict, Witness } from "./check.ts";
import { text } from "./piece/shown.ts";

/** Applies a style to text; the default leaves it plain. */
export type Style = (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;

/** How many keys of a witness are shown, and how many operations of each key: enough to fill a screen. */
const MOST_KEYS = 16;
const MOST_OPERATIONS = 32;

/**
 * Formats a verdict as lines, each with its line end. Of long parts only the beginning is shown.
 *
 * @param style Highlights the important parts; plain text if left out.
 * @param whole Where the reader finds the parts that were left out.
 */
export function renderLinearizability(
  verdict: LinearizabilityVerdict,
  style: Style = (_, text) => text,
  whole = "the verdict",
): string {
  const { ok, fail, info } = verdict.operations;
  const about = `${verdict.model}: ${grouped(ok)} ok, ${grouped(fail)} fail, ${grouped(info)} info`;
  switch (verdict.valid) {
    case true:
      return `  ${style("green", "valid")}    ${about}\n${witnessLines(verdict, whole)}`;
    case "unknown":
      return `  ${style("yellow", "unknown")}  ${about}\n  ${verdict.reason ?? ""}\n`;
    case false:
      return `  ${style("red", "invalid")}  ${about}\n${counterexampleLines(verdict, style, whole)}`;
  }
}

/** Groups digits: 12,345 for 12345, on every engine. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function witnessLines({ witness = [], lines }: LinearizabilityVerdict, whole: string): string {
  const shown = witness.slice(0, MOST_KEYS).map((each) => `  ${order(each, lines)}\n`);
  const isWhole = witness.length <= MOST_KEYS && witness.every((each) => each.order.length <= MOST_OPERATIONS);
  const more = witness.length > MOST_KEYS ? `  ... and ${grouped(witness.length - MOST_KEYS)} more keys\n` : "";
  return `${shown.join("")}${more}${isWhole ? "" : `  (all of it: ${whole})\n`}`;
}

function order({ key, order }: Witness, lines: boolean): string {
  const of = key === undefined ? "" : ` of ${text(key)}`;
  const more = order.length > MOST_OPERATIONS ? ` ... and ${grouped(order.length - MOST_OPERATIONS)} more` : "";
  return `the order${of}, by ${lines ? "line" : "event"} of invocation: ${
    order.slice(0, MOST_OPERATIONS).join(" ")
  }${more}`;
}

function counterexampleLines({ counterexample, lines }: LinearizabilityVerdict, style: Style, whole: string): string {
  if (counterexample === undefined) return "";
  const { sentence, operations, drawing, minimal, replayed, finePrefix } = counterexample;
  if (operations.length === 0) {
    const unit = finePrefix === 1 ? `${lines ? "line" : "event"} is` : `${lines ? "line" : "event"}s are`;
    return `  ${style("bold", `${sentence}.`)}\n  The first ${grouped(finePrefix)} ${unit} fine.\n`;
  }
  const unit = lines ? "line" : "event";
  // If a line is an operation, the events before another event have no lines of their own.
  const isLineAnOperation = lines && operations.some(({ invoked, returned }) => invoked === returned);
  const places = operations.slice(-drawing.length).map(({ invoked, returned }) =>
    isLineAnOperation ? `line ${invoked}` : `${unit}s ${invoked} to ${returned ?? "?"}`
  );
  const width = Math.max(...drawing.map((line) => line.length));
  const size = operations.length === 1 ? "This operation" : `These ${grouped(operations.length)} operations`;
  const counted = isLineAnOperation ? "event" : unit;
  const fine = finePrefix === 1 ? `${counted} is` : `${grouped(finePrefix)} ${counted}s are`;
  const smallest = minimal && operations.length > 1 ? ", and none can be left out" : "";
  const claim = `${size} cannot ${operations.length === 1 ? "be" : "all be"} true${smallest}${
    replayed ? "" : " (not confirmed by a replay)"
  }; the first ${fine} fine:`;
  return [
    `  ${style("bold", `${sentence}.`)}`,
    `  ${claim}`,
    ...drawing.map((line, i) =>
      line.startsWith("...")
        ? `    ${line} (all of them: ${whole})`
        : `    ${line.padEnd(width)}  ${style("dim", places[i]!)}`
    ),
    "",
  ].join("\n");
}
