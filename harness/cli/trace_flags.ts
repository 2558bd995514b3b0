/**
 * The flags that trace a run, or a part of it.
 *
 * @module
 */
import { ALL, type TraceFilter } from "../report/trace_filter.ts";
import { UsageError } from "./flags.ts";

interface TraceFlagSpec {
  readonly trace: { readonly type: "boolean"; readonly about: string };
  readonly "trace-nodes": { readonly type: "string"; readonly value: string; readonly about: string };
  readonly "trace-kinds": { readonly type: "string"; readonly value: string; readonly about: string };
  readonly "trace-time": { readonly type: "string"; readonly value: string; readonly about: string };
}

/** The flags, as `parseFlags` takes them. */
export const TRACE_FLAGS: TraceFlagSpec = {
  trace: { type: "boolean", about: "print every event inside the nodes, one per line" },
  "trace-nodes": { type: "string", value: "IDS", about: "trace these nodes alone, with commas between them" },
  "trace-kinds": {
    type: "string",
    value: "KINDS",
    about: "trace these kinds alone, with commas between them: client, nemesis, message, sent, role, log, ...",
  },
  "trace-time": { type: "string", value: "FROM-TO", about: "trace these seconds alone, as in 2.5-3 or 2.5-" },
};

/** The values of the flags. */
interface TraceFlagValues {
  readonly trace: boolean;
  readonly "trace-nodes": string | undefined;
  readonly "trace-kinds": string | undefined;
  readonly "trace-time": string | undefined;
}

/**
 * What is to be traced; `null` if nothing is. Any of the flags asks for a trace.
 *
 * @throws {UsageError} If a value has the wrong form.
 */
export function traceOf(flags: TraceFlagValues): TraceFilter | null {
  const nodes = flags["trace-nodes"], kinds = flags["trace-kinds"], time = flags["trace-time"];
  if (!flags.trace && nodes === undefined && kinds === undefined && time === undefined) return null;
  const [from, to] = time === undefined ? [ALL.from, ALL.to] : spanOf(time);
  return {
    nodes: nodes === undefined ? null : new Set(wordsOf(nodes).map(nodeOf)),
    kinds: kinds === undefined ? null : new Set(wordsOf(kinds)),
    from,
    to,
  };
}

function wordsOf(text: string): string[] {
  return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

function nodeOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--trace-nodes takes nodes' numbers, as in 1,3, but was given ${JSON.stringify(text)}`);
}

function spanOf(text: string): [from: number, to: number] {
  const found = /^(\d+(?:\.\d+)?|)-(\d+(?:\.\d+)?|)$/.exec(text.trim());
  const [, from = "", to = ""] = found ?? [];
  const span: [number, number] = [from === "" ? 0 : Number(from) * 1e9, to === "" ? Infinity : Number(to) * 1e9];
  if (found !== null && text.trim() !== "-" && span[0] <= span[1]) return span;
  throw new UsageError(`--trace-time takes seconds from and to, as in 2.5-3, but was given ${JSON.stringify(text)}`);
}
