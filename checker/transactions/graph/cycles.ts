/**
 * Finds the levels that a component of the dependency graph violates, and the shortest cycle of each kind in it.
 *
 * First the levels are decided, each in linear time: a level is violated if the graph of its edges has a cycle.
 * Snapshot isolation allows only cycles with two rw edges in a row (Cerone and Gotsman, "Analysing snapshot isolation",
 * PODC 2016; Fekete et al. 2005). So its graph has two nodes for every transaction: one reached by an rw edge, one
 * reached by any other edge. No rw edge leads on from the first. A cycle in this graph is a violation, and every
 * violation is such a cycle.
 *
 * Then each kind of cycle is searched for, only in the components of its level's graph: breadth first from each edge
 * that such a cycle must contain, and never deeper than the shortest known cycle. Kinds that a worse anomaly of the
 * same component implies are not searched for.
 *
 * @module
 */
import { anomaliesImplied } from "../levels/consistency_models.ts";
import { components, EdgeList, graphOf, type Part, process, realtime, rw, through, wr, ww, wwUnsure } from "./graph.ts";

/**
 * A cycle of transactions. The edge of kind `kinds[i]` leads from `transactions[i]` to the next one; the last edge
 * leads back to the first.
 */
export interface Cycle {
  readonly name: string;
  readonly transactions: readonly number[];
  readonly kinds: readonly number[];
  /** Whether the component has no shorter cycle of this kind. */
  readonly shortest: boolean;
}

/** The kinds of edges to consider besides data: none, sessions, or sessions and real time. */
export type Order = "none" | "process" | "realtime";

/**
 * How many edges may be looked at while searching for one kind of cycle in one component. After that, the shortest
 * cycle found so far is taken.
 */
const budget = 300_000_000;

type RwMode = "none" | "single" | "nonadjacent" | "many";

interface Kind {
  readonly name: string;
  readonly level: "G0" | "G1c" | "SI" | "G2";
  readonly rw: RwMode;
  readonly mask: number;
}

/** From the worst to the mildest. */
const kinds: readonly Kind[] = [
  { name: "G0", level: "G0", rw: "none", mask: ww },
  { name: "G1c", level: "G1c", rw: "none", mask: ww | wwUnsure | wr },
  { name: "G-single-item", level: "SI", rw: "single", mask: ww | wwUnsure | wr | rw },
  { name: "G-nonadjacent-item", level: "SI", rw: "nonadjacent", mask: ww | wwUnsure | wr | rw },
  { name: "G2-item", level: "G2", rw: "many", mask: ww | wwUnsure | wr | rw },
];

const variants = {
  none: [{ suffix: "", mask: 0, needed: 0 }],
  process: [{ suffix: "", mask: 0, needed: 0 }, { suffix: "-process", mask: process, needed: process }],
  realtime: [
    { suffix: "", mask: 0, needed: 0 },
    { suffix: "-process", mask: process, needed: process },
    { suffix: "-realtime", mask: process | realtime, needed: realtime },
  ],
} as const;

/** The name of a violation of snapshot isolation that is not a cycle of a named kind. */
const snapshotName = {
  "": "snapshot-isolation",
  "-process": "strong-session-snapshot-isolation",
  "-realtime": "strong-snapshot-isolation",
} as const;

function provesSnapshotViolation(name: string): boolean {
  return name.startsWith("G0") || name.startsWith("G1c") || name.startsWith("G-single") ||
    name.startsWith("G-nonadjacent");
}

/**
 * The components of a level's graph, by state. A state is a node; for snapshot isolation, a node and how it was
 * reached.
 */
interface Level {
  readonly of: Int32Array;
  readonly count: number;
  readonly isDoubled: boolean;
}

/** The limits of a walk. */
interface Search {
  readonly mode: RwMode;
  /** The kinds of edges that it may use. */
  readonly mask: number;
  /** The kinds of edges of which it must use one; 0 for none. */
  readonly needed: number;
  readonly level: Level;
  /** The component of the level in which it stays. */
  readonly label: number;
  /** The maximum number of edges, including the one before the walk. */
  readonly limit: number;
}

/** The step that closes a cycle: the state it leaves, and the kind of its edge. */
interface LastStep {
  readonly state: number;
  readonly kind: number;
}

/**
 * The shortest cycle of every kind in `part`, a strongly connected component, except kinds that a worse one implies.
 */
export function cyclesOf(component: Part, order: Order): Cycle[] {
  const found: Cycle[] = [];
  const part = order === "none" ? component : withWholeSessions(component);
  const searcher = new Searcher(part);
  let impliedByData = new Set<string>();
  for (const variant of variants[order]) {
    const names: string[] = [];
    const implied = () =>
      variant.suffix === "" ? anomaliesImplied(names) : new Set([...impliedByData, ...anomaliesImplied(names)]);
    const levels = new Map<string, Level>();
    for (const kind of kinds) {
      const name = kind.name + variant.suffix;
      if (implied().has(name)) continue;
      const mask = kind.mask | variant.mask | through;
      let level = levels.get(kind.level);
      if (level === undefined) {
        levels.set(kind.level, level = kind.level === "SI" ? doubled(part, mask) : plain(part, mask));
      }
      if (level.count === 0) continue;
      const cycle = searcher.shortest(name, kind, mask, variant.needed, level);
      if (cycle === undefined) continue;
      found.push(cycle);
      names.push(name);
    }
    const si = levels.get("SI");
    if (
      si !== undefined && si.count > 0 && ![...names, ...impliedByData].some((name) => provesSnapshotViolation(name))
    ) {
      const walk = searcher.anyWalk(
        `${snapshotName[variant.suffix]}-cycle-exists`,
        si,
        ww | wr | rw | through | variant.mask,
      );
      if (walk !== undefined) found.push(walk);
    }
    if (variant.suffix === "") impliedByData = anomaliesImplied(names);
  }
  return found;
}

/**
 * The part with additional nodes, so that one step leads from a transaction to any later one of its session. The node
 * after each transaction leads to the next transaction and to the node after that.
 */
function withWholeSessions(part: Part): Part {
  const { nodes, start, target, kind } = part;
  const after = new Int32Array(nodes).fill(-1);
  let count = nodes;
  for (let node = 0; node < nodes; node++) {
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      if (kind[at] === process && after[node]! < 0) after[node] = count++;
    }
  }
  if (count === nodes) return part;
  const edges = new EdgeList(count, target.length + 3 * (count - nodes));
  for (let node = 0; node < nodes; node++) {
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      const other = target[at]!;
      if (kind[at] !== process) edges.add(node, other, kind[at]!);
      else {
        edges.add(node, after[node]!, process);
        edges.add(after[node]!, other, through);
        if (after[other]! >= 0) edges.add(after[node]!, after[other]!, through);
      }
    }
  }
  const nodeOf = new Int32Array(count).fill(-1);
  nodeOf.set(part.nodeOf);
  return { ...graphOf(edges, part.transactions), nodeOf };
}

function plain(part: Part, mask: number): Level {
  return { ...components(part, mask), isDoubled: false };
}

/** The graph of snapshot isolation: node n is 2n + 1 if reached by an rw edge, otherwise 2n. */
function doubled(part: Part, mask: number): Level {
  const edges = part.target.length;
  const start = new Int32Array(2 * part.nodes + 1);
  const target = new Int32Array(2 * edges);
  let count = 0;
  for (let node = 0; node < part.nodes; node++) {
    for (let reachedByRw = 0; reachedByRw < 2; reachedByRw++) {
      start[2 * node + reachedByRw] = count;
      for (let at = part.start[node]!; at < part.start[node + 1]!; at++) {
        const kind = part.kind[at]!;
        if ((kind & mask) === 0) continue;
        if (kind === rw) {
          if (reachedByRw === 0) target[count++] = 2 * part.target[at]! + 1;
        } else target[count++] = 2 * part.target[at]! + (kind === through ? reachedByRw : 0);
      }
    }
  }
  start[2 * part.nodes] = count;
  const whole = components({ nodes: 2 * part.nodes, start, target, kind: new Uint8Array(count).fill(1) });
  return { ...whole, isDoubled: true };
}

/** Searches one component. Its arrays are reused for all searches. */
class Searcher {
  readonly #part: Part;
  #stamp: Int32Array;
  #parent: Int32Array;
  #kindOfStep: Uint8Array;
  #search = 0;
  #current: number[] = [];
  #next: number[] = [];

  constructor(part: Part) {
    this.#part = part;
    const states = part.nodes * 8;
    this.#stamp = new Int32Array(states);
    this.#parent = new Int32Array(states);
    this.#kindOfStep = new Uint8Array(states);
  }

  /**
   * Finds the shortest cycle of one kind.
   *
   * A state is 8 times the node; plus 1 if the node was reached by an rw edge, 2 if the cycle has a second rw edge
   * already, and 4 if it has an edge of the needed kind.
   */
  shortest(name: string, kind: Kind, mask: number, needed: number, level: Level): Cycle | undefined {
    const { nodes, start, target, kind: kindOf } = this.#part;
    const pivot = kind.rw !== "none" ? rw : kind.name === "G1c" ? wr | wwUnsure : needed !== 0 ? needed : ww;
    let best: { states: number[]; kinds: number[] } | undefined;
    let length = Infinity;
    let left = budget;
    search: for (let node = 0; node < nodes; node++) {
      if (!this.#isTransaction(node)) continue;
      for (let at = start[node]!; at < start[node + 1]!; at++) {
        if ((kindOf[at]! & pivot) === 0 || (kindOf[at]! & mask) === 0) continue;
        const other = target[at]!;
        const byRw = kindOf[at] === rw ? 1 : 0;
        const label = this.#label(level, other, byRw);
        if (label < 0 || label !== this.#label(level, node, 0)) continue;
        const first = 8 * other + byRw + ((kindOf[at]! & needed) !== 0 || needed === 0 ? 4 : 0);
        const search = { mode: kind.rw, mask, needed, level, label, limit: length - 1 };
        const reached = this.#walk(node, first, search, (scanned) => left -= scanned);
        if (reached !== undefined) {
          const candidate = this.#cycleTo(node, first, kindOf[at]!, reached, false);
          if (candidate !== undefined) {
            best = candidate;
            length = candidate.kinds.length;
          }
        }
        if (length === 2 || left < 0) break search;
      }
    }
    if (best === undefined) return undefined;
    return { name, transactions: best.states, kinds: best.kinds, shortest: length === 2 || left >= 0 };
  }

  /** Finds a closed walk in a level's graph, for a violation that is not a simple cycle. */
  anyWalk(name: string, level: Level, mask: number): Cycle | undefined {
    const { nodes, start, target, kind } = this.#part;
    for (let node = 0; node < nodes; node++) {
      if (!this.#isTransaction(node) || this.#label(level, node, 0) < 0) continue;
      for (let at = start[node]!; at < start[node + 1]!; at++) {
        if ((kind[at]! & mask) === 0 || kind[at] === through) continue;
        const byRw = kind[at] === rw ? 1 : 0;
        const label = this.#label(level, target[at]!, byRw);
        if (label !== this.#label(level, node, 0)) continue;
        const first = 8 * target[at]! + byRw + 6;
        const search = { mode: "nonadjacent", mask, needed: 0, level, label, limit: Infinity } as const;
        const reached = this.#walk(node, first, search, () => {});
        if (reached === undefined) continue;
        const walk = this.#cycleTo(node, first, kind[at]!, reached, true);
        if (walk !== undefined) return { name, transactions: walk.states, kinds: walk.kinds, shortest: false };
      }
    }
    return undefined;
  }

  #isTransaction(node: number): boolean {
    return node < this.#part.transactions;
  }

  #label(level: Level, node: number, byRw: number): number {
    return level.of[level.isDoubled ? 2 * node + byRw : node]!;
  }

  /**
   * Searches breadth first from `first` back to `goal`.
   *
   * @param spend Called with the number of edges that were looked at.
   */
  #walk(
    goal: number,
    first: number,
    { mode, mask, needed, level, label, limit }: Search,
    spend: (scanned: number) => void,
  ): LastStep | undefined {
    const { start, target, kind: kindOf } = this.#part;
    this.#search++;
    let current = this.#current, next = this.#next;
    current.length = 0;
    next.length = 0;
    current.push(first);
    this.#stamp[first] = this.#search;
    this.#parent[first] = -1;
    let scanned = 0;
    for (let depth = 1; current.length > 0; depth++) {
      // Free steps come first: the only ones from nodes that are not transactions.
      for (let i = 0; i < current.length; i++) {
        const state = current[i]!;
        const node = state >>> 3;
        if (this.#isTransaction(node)) continue;
        for (let at = start[node]!; at < start[node + 1]!; at++) {
          scanned++;
          const other = target[at]!;
          const bits = state & 7;
          if (this.#label(level, other, bits & 1) !== label) continue;
          if (other === goal) {
            if (!this.#closes(bits, mode)) continue;
            spend(scanned);
            return { state, kind: through };
          }
          this.#reach(8 * other + bits, state, through, current);
        }
      }
      let found: LastStep | undefined;
      if (depth < limit) {
        for (let i = 0; i < current.length && found === undefined; i++) {
          const state = current[i]!;
          const node = state >>> 3;
          if (!this.#isTransaction(node)) continue;
          for (let at = start[node]!; at < start[node + 1]!; at++) {
            scanned++;
            const kind = kindOf[at]!;
            if ((kind & mask) === 0) continue;
            let bits = state & 6;
            if (kind === rw) {
              if (mode === "single" || (mode === "nonadjacent" && (state & 1) !== 0)) continue;
              bits |= 3;
            }
            if ((kind & needed) !== 0) bits |= 4;
            const other = target[at]!;
            if (this.#label(level, other, bits & 1) !== label) continue;
            if (other === goal) {
              if (this.#closes(bits, mode)) found = { state, kind };
              continue;
            }
            this.#reach(8 * other + bits, state, kind, next);
          }
        }
      }
      if (found !== undefined) {
        spend(scanned);
        return found;
      }
      [current, next] = [next, current];
      next.length = 0;
    }
    spend(scanned);
    return undefined;
  }

  /** Whether a walk that has returned to its start is a cycle of its kind. */
  #closes(bits: number, mode: RwMode): boolean {
    if ((bits & 4) === 0) return false;
    if ((mode === "nonadjacent" || mode === "many") && (bits & 2) === 0) return false;
    return mode !== "nonadjacent" || (bits & 1) === 0;
  }

  #reach(state: number, parent: number, kind: number, into: number[]): void {
    if (this.#stamp[state] === this.#search) return;
    this.#stamp[state] = this.#search;
    this.#parent[state] = parent;
    this.#kindOfStep[state] = kind;
    into.push(state);
  }

  /**
   * The cycle that begins with a step of `firstKind` from `goal` to `first` and ends with the step `last`. Undefined if
   * it passes a transaction twice, unless that is allowed.
   */
  #cycleTo(
    goal: number,
    first: number,
    firstKind: number,
    last: LastStep,
    mayRepeat: boolean,
  ): { states: number[]; kinds: number[] } | undefined {
    const path: number[] = [];
    for (let each = last.state; each !== -1; each = this.#parent[each]!) path.push(each);
    path.reverse();
    const transactions = [goal];
    const kinds: number[] = [];
    let kind = firstKind;
    for (const each of path) {
      if (each !== first && this.#kindOfStep[each] !== through) kind = this.#kindOfStep[each]!;
      if (!this.#isTransaction(each >>> 3)) continue;
      kinds.push(kind);
      transactions.push(each >>> 3);
    }
    kinds.push(last.kind === through ? kind : last.kind);
    if (!mayRepeat && new Set(transactions).size < transactions.length) return undefined;
    return { states: transactions.map((local) => this.#part.nodeOf[local]!), kinds };
  }
}

/**
 * A short cycle in a strongly connected graph with only one kind of edge: the shortest through one of its first nodes.
 *
 * @returns The positions of its edges in `target`; each begins where the one before ends.
 */
export function shortCycle(part: Part): number[] {
  let best: number[] = [];
  for (let root = 0; root < Math.min(part.nodes, 256); root++) {
    const edgeTo = new Int32Array(part.nodes).fill(-1);
    const from = new Int32Array(part.nodes);
    const queue = [root];
    search: for (const node of queue) {
      for (let at = part.start[node]!; at < part.start[node + 1]!; at++) {
        const other = part.target[at]!;
        if (edgeTo[other]! >= 0) continue;
        edgeTo[other] = at;
        from[other] = node;
        if (other === root) break search;
        queue.push(other);
      }
    }
    const cycle: number[] = [];
    let node = root;
    do {
      cycle.push(edgeTo[node]!);
      node = from[node]!;
    } while (node !== root);
    cycle.reverse();
    if (best.length === 0 || cycle.length < best.length) best = cycle;
    if (best.length === 2) break;
  }
  return best;
}
