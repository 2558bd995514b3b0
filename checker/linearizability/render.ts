/**
 * Formats a linearizability verdict as text for people.
 *
 * @module
 */
import type { LinearizabilityVerdict, Witness } from "./check.ts";
import type { Counterexample } from "./explain/explain.ts";
import { text } from "./piece/shown.ts";

/** Applies a style to text; the default leaves it plain. */
export type Style = (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;

/** How many keys of a witness are shown, and how many operations of each key: enough to fill a screen. */
const MOST_KEYS = 16;
const MOST_OPERATIONS = 32;

/**
 * Formats a verdict as lines, each with its line end. Long parts are cut short.
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
      return `  ${style("red", "invalid")}  ${about}\n${
        verdict.counterexamples === undefined
          ? counterexampleLines(verdict, style, whole)
          : allLines(verdict.counterexamples, verdict, style, whole)
      }`;
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

/** How many counterexamples are shown. */
const MOST_COUNTEREXAMPLES = 20;

/** All minimal counterexamples, the drawing of each below its sentence. */
function allLines(
  all: readonly Counterexample[],
  { lines, complete, counterexample }: LinearizabilityVerdict,
  style: Style,
  whole: string,
): string {
  const count = all.length === 1 ? "1 minimal counterexample" : `${grouped(all.length)} minimal counterexamples`;
  const more = complete === true ? "and no others" : "the search for others did not finish";
  const shown = all.slice(0, MOST_COUNTEREXAMPLES).map((each, i) =>
    [`  ${i + 1}. ${style("bold", `${each.sentence}.`)}`, ...drawnLines(each, lines, style, whole), ""].join("\n")
  );
  const rest = all.length - shown.length;
  return [
    all.length === 0 && counterexample !== undefined ? `  ${style("bold", `${counterexample.sentence}.`)}\n` : "",
    `  ${count}, ${more}:\n`,
    ...shown,
    rest > 0 ? `  ... and ${grouped(rest)} more (all of them: ${whole})\n` : "",
  ].join("");
}

/** The operations of a counterexample as intervals, each with its place. */
function drawnLines(
  { operations, drawing }: Counterexample,
  lines: boolean,
  style: Style,
  whole: string,
): string[] {
  const unit = lines ? "line" : "event";
  const isLineAnOperation = hasOneLineEach(operations, lines);
  const places = operations.slice(-drawing.length).map(({ invoked, returned }) =>
    isLineAnOperation ? `line ${invoked}` : `${unit}s ${invoked} to ${returned ?? "?"}`
  );
  const width = Math.max(...drawing.map((line) => line.length));
  return drawing.map((line, i) =>
    line.startsWith("...")
      ? `    ${line} (all of them: ${whole})`
      : `    ${line.padEnd(width)}  ${style("dim", places[i]!)}`
  );
}

/** Whether each line of the file is a whole operation, so that events have no lines of their own. */
function hasOneLineEach(operations: Counterexample["operations"], lines: boolean): boolean {
  return lines && operations.some(({ invoked, returned }) => invoked === returned);
}

function counterexampleLines({ counterexample, lines }: LinearizabilityVerdict, style: Style, whole: string): string {
  if (counterexample === undefined) return "";
  const { sentence, operations, minimal, replayed, finePrefix } = counterexample;
  if (operations.length === 0) {
    const unit = finePrefix === 1 ? `${lines ? "line" : "event"} is` : `${lines ? "line" : "event"}s are`;
    return `  ${style("bold", `${sentence}.`)}\n  The first ${grouped(finePrefix)} ${unit} fine.\n`;
  }
  const unit = lines ? "line" : "event";
  const size = operations.length === 1 ? "This operation" : `These ${grouped(operations.length)} operations`;
  const counted = hasOneLineEach(operations, lines) ? "event" : unit;
  const fine = finePrefix === 1 ? `${counted} is` : `${grouped(finePrefix)} ${counted}s are`;
  const smallest = minimal && operations.length > 1 ? ", and none can be left out" : "";
  const claim = `${size} cannot ${operations.length === 1 ? "be" : "all be"} true${smallest}${
    replayed ? "" : " (not confirmed by a replay)"
  }; the first ${fine} fine:`;
  return [
    `  ${style("bold", `${sentence}.`)}`,
    `  ${claim}`,
    ...drawnLines(counterexample, lines, style, whole),
    "",
  ].join("\n");
}
