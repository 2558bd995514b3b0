/**
 * A run told in the order of its events: what the nemesis and the clients did, and what the nodes made of it.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { TraceLine } from "../sim/trace.ts";

/** A story is cut in its middle to about this many lines. */
const MAX_LINES = 160;

interface Told {
  readonly time: number;
  readonly text: string;
}

/** Every event of a run, a line each. */
export function renderTrace(lines: readonly TraceLine[], events: readonly HistoryEvent[]): string {
  return merged(lines.map(tellNode), events.map(tellEvent)).map(tell).join("");
}

/**
 * The events that mattered: all that the nemesis and the clients did, and of the nodes' doings the elections, the votes, the truncations, the snapshots,
 * and the messages that carried commands.
 */
export function renderStory(lines: readonly TraceLine[], events: readonly HistoryEvent[]): string {
  const told = merged(lines.filter((line) => line.matters).map(tellNode), events.map(tellEvent));
  if (told.length <= MAX_LINES) return told.map(tell).join("");
  const half = MAX_LINES / 2;
  const gap = `${" ".repeat(12)}... ${told.length - 2 * half} lines left out: --trace tells all ...\n`;
  return [...told.slice(0, half).map(tell), gap, ...told.slice(-half).map(tell)].join("");
}

/** Both in the order of their times; what a client hears follows from what a node did at the same instant. */
function merged(nodes: readonly Told[], clients: readonly Told[]): Told[] {
  const all: Told[] = [];
  let i = 0;
  for (const client of clients) {
    while (i < nodes.length && nodes[i]!.time <= client.time) all.push(nodes[i++]!);
    all.push(client);
  }
  return [...all, ...nodes.slice(i)];
}

function tellNode({ time, node, kind, text }: TraceLine): Told {
  const how = kind === "message" ? "receives " : kind === "sent" ? "sends " : "";
  return { time, text: `node ${node}  ${how}${text}` };
}

function tellEvent({ time, process, type, f, key, value, error, actual }: HistoryEvent): Told {
  if (process === "nemesis") return { time, text: `nemesis  ${f}: ${String(value)}` };
  const what = [f, ...(key === undefined ? [] : [key]), ...(value === undefined ? [] : [JSON.stringify(value)])].join(
    " ",
  );
  const why = error === undefined ? "" : ` (${String(error)}${actual === undefined ? "" : `, found ${actual}`})`;
  return { time, text: `client ${process}  ${type === "invoke" ? "asks" : type}  ${what}${why}` };
}

function tell({ time, text }: Told): string {
  return `${(time / 1e9).toFixed(6).padStart(11)}  ${text}\n`;
}
