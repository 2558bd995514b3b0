/**
 * The fault `partition`: the shapes in which a network comes apart.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { fieldsOf, linksField, textField } from "./fields.ts";
import { CLIENTS, type FaultType, type Link, servicesOf } from "./kind.ts";
import { pick, shuffled } from "./victims.ts";
import { presentIn, primaryOf } from "./view.ts";

/** Every direction in `cut` delivers nothing. */
export interface Partition {
  /** Its kind. */
  readonly kind: "partition";
  /** The shape by which the cut was drawn, for people: `halves`, `ring`, ... */
  readonly shape: string;
  /** What is cut. */
  readonly cut: readonly Link[];
}

/** A way to cut a network; `--nemesis partition:NAME` asks for one. */
export type PartitionShape = "one" | "halves" | "majority" | "ring" | "bridge" | "oneway" | "leader";

/** Every shape, in the order of the help. */
export const PARTITION_SHAPES: readonly PartitionShape[] = [
  "one",
  "halves",
  "majority",
  "ring",
  "bridge",
  "oneway",
  "leader",
];

/**
 * Shapes that are drawn only if they are asked for by name: some nodes, and the clients, or the services that they ask.
 */
const ASKED_SHAPES: readonly string[] = ["clients", "services"];

/** In one partition of so many the clients are one of the ends that are parted. */
const CLIENT_SHARE = 6;

/** How a partition is drawn, named, described, healed and read. */
export const partition: FaultType<Partition> = {
  about: "links between nodes are cut",
  shapes: [...PARTITION_SHAPES, ...ASKED_SHAPES],
  draw(random, shape, view, severity) {
    const present = presentIn(view);
    if (shape === "clients") return drawOutsiders(random, shape, present, [CLIENTS]);
    if (shape === "services") {
      return drawOutsiders(random, shape, present, servicesOf(severity));
    }
    // Clients are cut off as members are: from some nodes, from all, in one direction.
    const hasClients = random.below(CLIENT_SHARE) === 0 && severity.sparesClients !== true;
    const nodes = hasClients ? [...present, CLIENTS] : present;
    if (nodes.length < 2) return null;
    const drawn = (shape ?? pick(random, PARTITION_SHAPES)) as PartitionShape;
    return drawPartition(random, drawn, { nodes, leader: primaryOf(view)?.id ?? null });
  },
  name: ({ shape }) => `partition:${shape}`,
  say: ({ shape, cut }) => `${shape}: ${describeCut(cut)}`,
  isHealed: () => true,
  keep(fault, isKept) {
    const cut = fault.cut.filter(([from, to]) => isKept(from) && isKept(to));
    return cut.length === 0 ? null : { ...fault, cut };
  },
  simpler: () => [],
  parse(value) {
    const fields = fieldsOf(value);
    return { kind: "partition", shape: textField(fields, "shape"), cut: linksField(fields, "cut") };
  },
};

/** Parts some nodes from ends that are no nodes, in both directions or in one; `null` where there is nobody to part. */
function drawOutsiders(
  random: Random,
  shape: "clients" | "services",
  present: readonly number[],
  ends: readonly number[],
): Partition | null {
  if (present.length === 0 || ends.length === 0) return null;
  const nodes = shuffled(random, present).slice(0, 1 + random.below(present.length));
  const way = random.below(4);
  const cut = way === 0 ? directed(nodes, ends) : way === 1 ? directed(ends, nodes) : between(nodes, ends);
  return { kind: "partition", shape, cut };
}

/** What a partition is drawn from. */
interface PartitionGround {
  /** The nodes that are to be parted, at least two for a cut to exist. */
  readonly nodes: readonly number[];
  /** Who leads, if it is known. */
  readonly leader: number | null;
}

/**
 * Draws a partition of a shape.
 *
 * | shape | what is cut |
 * |---|---|
 * | `one` | one node from all others |
 * | `halves` | two groups from each other, the smaller as large as can be |
 * | `majority` | a seeded minority of any size from the rest |
 * | `ring` | each node sees its neighbours in a seeded circle, just enough of them for a majority, and no two nodes see the same |
 * | `bridge` | two halves from each other, but for one node that sees both |
 * | `oneway` | in one direction only: a seeded group, half the time with the leader in it, speaks and is not heard, or hears and cannot speak |
 * | `leader` | the leader, alone or with a minority, from the rest; as `one` where nobody leads |
 */
export function drawPartition(random: Random, shape: PartitionShape, ground: PartitionGround): Partition {
  const nodes = shuffled(random, ground.nodes);
  const half = nodes.length >> 1;
  const cut = (links: readonly Link[]): Partition => ({ kind: "partition", shape, cut: links });
  switch (shape) {
    case "one":
      return cut(between(nodes.slice(0, 1), nodes.slice(1)));
    case "halves":
      return cut(between(nodes.slice(0, half), nodes.slice(half)));
    case "majority": {
      const size = 1 + random.below(Math.max(1, Math.ceil(nodes.length / 2) - 1));
      return cut(between(nodes.slice(0, size), nodes.slice(size)));
    }
    case "ring":
      return cut(ring(nodes));
    case "bridge":
      return cut(between(nodes.slice(1, 1 + half), nodes.slice(1 + half)));
    case "oneway": {
      const size = 1 + random.below(Math.max(1, half));
      const first = random.below(2) === 0 ? ground.leader : null;
      const order = first === null ? nodes : [first, ...nodes.filter((node) => node !== first)];
      const group = order.slice(0, size), rest = order.slice(size);
      return cut(random.below(2) === 0 ? directed(group, rest) : directed(rest, group));
    }
    case "leader": {
      const leader = ground.leader ?? nodes[0]!;
      const others = nodes.filter((node) => node !== leader);
      const company = random.below(Math.max(1, Math.ceil(nodes.length / 2) - 1));
      return cut(between([leader, ...others.slice(0, company)], others.slice(company)));
    }
  }
}

/** Every direction from a node of `from` to a node of `to`. */
function directed(from: readonly number[], to: readonly number[]): Link[] {
  return from.flatMap((a) => to.map((b): Link => [a, b]));
}

/** Both directions between two groups. */
function between(a: readonly number[], b: readonly number[]): Link[] {
  return [...directed(a, b), ...directed(b, a)];
}

/**
 * What lies between nodes that are too far apart in a circle: each keeps as many neighbours on both sides as make a
 * majority with itself.
 *
 * With 5 nodes each sees itself and one on either side. With 3 that would be everybody: there the circle is opened
 * between two of them, and each of these still sees the third.
 */
function ring(circle: readonly number[]): Link[] {
  const n = circle.length;
  const majority = (n >> 1) + 1;
  const reach = Math.ceil((majority - 1) / 2);
  if (n === 3) return between([circle[0]!], [circle[2]!]);
  const links: Link[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const distance = Math.min((i - j + n) % n, (j - i + n) % n);
      if (distance > reach) links.push([circle[i]!, circle[j]!]);
    }
  }
  return links;
}

/** A cut in words: two groups that are apart, or who cannot hear whom. */
function describeCut(cut: readonly Link[]): string {
  const groups = twoGroups(cut);
  if (groups !== null) return groups.map((group) => group.map(endName).join(" ")).join(" | ");
  const deaf = new Map<number, number[]>();
  for (const [from, to] of cut) {
    const list = deaf.get(to);
    if (list === undefined) deaf.set(to, [from]);
    else list.push(from);
  }
  return [...deaf].sort(([a], [b]) => a - b)
    .map(([to, from]) => `${endName(to)}<-/-${from.sort((a, b) => a - b).map(endName).join(",")}`).join(" ");
}

function endName(end: number): string {
  return end === CLIENTS ? "clients" : end < CLIENTS ? `service${-end}` : `${end}`;
}

/** The two groups that a cut parts in both directions, each in ascending order; `null` if it is of another kind. */
function twoGroups(cut: readonly Link[]): readonly [number[], number[]] | null {
  const nodes = [...new Set(cut.flat())].sort((a, b) => a - b);
  const beyond = cut.filter(([from]) => from === nodes[0]).map(([, to]) => to).sort((a, b) => a - b);
  const group = nodes.filter((node) => !beyond.includes(node));
  const isAcross = cut.every(([from, to]) => group.includes(from) !== group.includes(to));
  const isWhole = new Set(cut.map(([from, to]) => `${from} ${to}`)).size === 2 * group.length * beyond.length;
  return isAcross && isWhole && cut.length > 0 ? [group, beyond] : null;
}
