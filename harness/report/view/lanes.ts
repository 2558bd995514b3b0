/**
 * Which lane, and which row of it, an operation stands in.
 *
 * @module
 */
import type { PageData } from "../page/data.ts";

/** What the lanes are: a node each, or a client each, or a key each. */
export type LaneMode = "node" | "client" | "key";

/** A lane: operations that stand in a few rows, by the time of their beginnings. */
export interface Lane {
  readonly name: string;
  /** The node, in lanes of nodes. */
  readonly node: number;
  /** Places in the operations, ascending, and when each began. */
  readonly places: readonly number[];
  readonly starts: readonly number[];
  /** The row of each. */
  readonly rows: readonly number[];
  readonly rowCount: number;
  /** The longest operation, in microseconds: so far back a window has to look. */
  readonly longest: number;
}

/** Rows of a lane beyond these share the last one. */
const MOST_ROWS = 8;
/** Lanes beyond these are not drawn: the search finds what is in them. */
export const MOST_LANES = 40;

/** The modes that a page can have, the best first. */
export function laneModes({ nodes, operations }: PageData): LaneMode[] {
  const hasNodes = nodes.length > 0;
  const keys = new Set(operations.key);
  return [...(hasNodes ? ["node" as const] : []), "client", ...(keys.size > 1 ? ["key" as const] : [])];
}

/** The lanes of a mode; those with a counterexample's operations come first where there are too many. */
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
 * A client goes on under a new number after an operation of unknown outcome: the numbers that one client had are one
 * lane.
 */
function clients({ operations: { process, outcome } }: PageData): number[] {
  // A number that is new takes the lane of the client that has been silent for longest after an unknown outcome.
  const lanes = new Map<number, number>();
  const free: number[] = [];
  let count = 0;
  return process.map((number, place) => {
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
    starts: places.map((place) => start[place]!),
    rows,
    rowCount: Math.max(1, free.length),
    longest,
  };
}
