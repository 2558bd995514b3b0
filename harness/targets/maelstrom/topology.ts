/**
 * The neighbours of each node in the workload `broadcast`, for `--topology`.
 *
 * @module
 */

/** Which topology. */
export type TopologyName = "grid" | "line" | "total" | "tree2" | "tree3" | "tree4";

/** The names of `--topology`, the default first. */
export const TOPOLOGIES: readonly TopologyName[] = ["grid", "line", "total", "tree2", "tree3", "tree4"];

/** The neighbours of each node. */
type Topology = Readonly<Record<string, readonly string[]>>;

/**
 * Arranges nodes in a topology.
 *
 * `grid`: about as many rows as columns; at most four neighbours. `line`: one after another. `total`: all nodes are
 * neighbours. `tree2` to `tree4`: each node has up to this many children.
 */
export function topologyOf(name: TopologyName, nodes: readonly string[]): Topology {
  const places = neighboursOf(name, nodes.length);
  return Object.fromEntries(nodes.map((node, i) => [node, places[i]!.map((place) => nodes[place]!)]));
}

/** The positions of each position's neighbours, ascending. */
function neighboursOf(name: TopologyName, count: number): number[][] {
  const isPlace = (place: number): boolean => place >= 0 && place < count;
  const all = Array.from({ length: count }, (_, i) => i);
  switch (name) {
    case "total":
      return all.map((i) => all.filter((other) => other !== i));
    case "line":
      return all.map((i) => [i - 1, i + 1].filter(isPlace));
    case "grid": {
      const side = Math.ceil(Math.sqrt(count));
      return all.map((i) => {
        const left = i % side === 0 ? -1 : i - 1, right = i % side === side - 1 ? -1 : i + 1;
        return [i - side, left, right, i + side].filter(isPlace);
      });
    }
    default: {
      const children = Number(name.slice("tree".length));
      return all.map((i) => {
        const parent = i === 0 ? -1 : Math.floor((i - 1) / children);
        return [parent, ...Array.from({ length: children }, (_, child) => children * i + 1 + child)].filter(isPlace);
      });
    }
  }
}
