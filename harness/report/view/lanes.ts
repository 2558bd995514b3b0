/**
 * Assigns operations to lanes, and to rows of a lane.
 *
 * @module
 */
import type { Column, PageData } from "../page/data.ts";

/** What a lane stands for: a node, a client, or a key. */
export type LaneMode = "node" | "client" | "key";

/** A lane: its operations in a few rows, ordered by their beginnings. */
export interface Lane {
  readonly name: string;
  /** The node, if lanes stand for nodes. */
  readonly node: number;
  /** The positions of its operations, ascending, and their beginnings. */
  readonly places: readonly number[];
  readonly starts: Column;
  /** The row of each operation. */
  readonly rows: readonly number[];
  readonly rowCount: number;
  /** The duration of the longest operation, in microseconds. A window must look this far back. */
  readonly longest: number;
}

/** Rows beyond this number share the last row. */
const MOST_ROWS = 8;
/** Lanes beyond this number are not drawn, but the search finds their operations. */
export const MOST_LANES = 40;

/** The modes that a page supports, the best first. */
export function laneModes({ nodes, operations }: PageData): LaneMode[] {
  const hasNodes = nodes.length > 0;
  const keys = new Set(operations.key);
  return [...(hasNodes ? ["node" as const] : []), "client", ...(keys.size > 1 ? ["key" as const] : [])];
}

/** The lanes of a mode. If there are too many, those with operations of the counterexample come first. */
export function lanesOf(data: PageData, mode: LaneMode): Lane[] {
  const { operations } = data;
  const groups = new Map<string | number, number[]>();
  if (mode === "node") { for (const node of data.nodes) groups.set(node, []); }
  const group = mode === "node" ? operations.node : mode === "key" ? operations.key : clients(data);
  group.forEach((name, place) => {
    const places = groups.get(name);
    if (places === undefined) groups.set(name, [place]);
    else places.push(place);
  });
  if (mode === "node") groups.delete(0);
  const matter = new Set(data.why?.operations.map((place) => group[place]));
  const entries = [...groups].sort(([a], [b]) => {
    if (mode !== "node" && matter.has(a as number) !== matter.has(b as number)) return matter.has(a as number) ? -1 : 1;
    return Number(a) - Number(b);
  });
  return entries.map(([name, places]) => laneOf(data, mode, Number(name), places));
}

/**
 * The lane of each process. After an operation of unknown outcome a client continues under a new process number; all
 * numbers of one client share a lane.
 */
function clients({ operations: { process, outcome } }: PageData): number[] {
  // A new number takes the lane of the client that has been silent longest after an unknown outcome.
  const lanes = new Map<number, number>();
  const free: number[] = [];
  let count = 0;
  return Array.from(process, (number, place) => {
    let lane = lanes.get(number);
    if (lane === undefined) {
      lane = free.shift() ?? count++;
      lanes.set(number, lane);
    }
    if (outcome[place] === 2) free.push(lane);
    return lane;
  });
}

function laneOf(data: PageData, mode: LaneMode, name: number, places: readonly number[]): Lane {
  const { start, end, texts } = data.operations;
  const free: number[] = [];
  const rows: number[] = [];
  let longest = 0;
  for (const place of places) {
    const from = start[place]!;
    const to = end[place] === -1 ? data.end : end[place]!;
    let row = free.findIndex((until) => until <= from);
    if (row === -1) row = Math.min(free.length, MOST_ROWS - 1);
    free[row] = Math.max(to, free[row] ?? 0);
    rows.push(row);
    longest = Math.max(longest, to - from);
  }
  const numbers = mode === "client"
    ? new Set(places.map((place) => data.operations.process[place]!))
    : new Set<number>();
  const first = data.operations.process[places[0] ?? 0] ?? name;
  const client = numbers.size > 1 ? `process ${first} …` : `process ${first}`;
  const title = mode === "node" ? `node ${name}` : mode === "key" ? texts[name]! : client;
  return {
    name: title,
    node: mode === "node" ? name : 0,
    places,
    starts: Float64Array.from(places, (place) => start[place]!),
    rows,
    rowCount: Math.max(1, free.length),
    longest,
  };
}
