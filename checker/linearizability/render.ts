/**
 * A verdict of linearizability as text for people.
 *
 * @module
 */
import type { LinearizabilityVerdict, Witness } from "./check.ts";
import { text } from "./shown.ts";

/** Wraps text in a style; the default leaves it plain. */
export type Style = (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;

/** Renders a verdict, a line or more, each with its line end. */
export function renderLinearizability(verdict: LinearizabilityVerdict, style: Style = (_, text) => text): string {
  const { ok, fail, info } = verdict.operations;
  const about = `${verdict.model}: ${grouped(ok)} ok, ${grouped(fail)} fail, ${grouped(info)} info`;
  switch (verdict.valid) {
    case true:
      return `  ${style("green", "valid")}    ${about}\n${
        (verdict.witness ?? []).map((witness) => order(witness, verdict)).join("")
      }`;
    case "unknown":
      return `  ${style("yellow", "unknown")}  ${about}\n  ${verdict.reason ?? ""}\n`;
    case false:
      return `  ${style("red", "invalid")}  ${about}\n${counterexampleLines(verdict, style)}`;
  }
}

/** 12,345 for 12345, on every engine. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function order({ key, order }: Witness, { lines }: LinearizabilityVerdict): string {
  const of = key === undefined ? "" : ` of ${text(key)}`;
  return `  the order${of}, by ${lines ? "line" : "event"} of invocation: ${order.join(" ")}\n`;
}

function counterexampleLines({ counterexample, lines }: LinearizabilityVerdict, style: Style): string {
  if (counterexample === undefined) return "";
  const { sentence, operations, drawing, minimal, replayed, finePrefix } = counterexample;
  const unit = lines ? "line" : "event";
  // A line may be an operation; then the events before another have no lines of their own.
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
      line.startsWith("...") ? `    ${line}` : `    ${line.padEnd(width)}  ${style("dim", places[i]!)}`
    ),
    "",
  ].join("\n");
}
