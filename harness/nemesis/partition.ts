/**
 * The fault `partition`: the network splits, in one of several shapes.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { fieldsOf, linksField, textField } from "./fields.ts";
import { CLIENTS, type FaultType, type Link, type NodeView, servicesOf, type View } from "./kind.ts";
import { pick, shuffled } from "./victims.ts";
import { isQuorum, membersOf, presentIn, primaryOf } from "./view.ts";

/** Each direction in `cut` delivers nothing. */
export interface Partition {
  /** The kind of fault. */
  readonly kind: "partition";
  /** The shape of the cut, for people: `halves`, `ring`, ... */
  readonly shape: string;
  /** The directions that are cut. */
  readonly cut: readonly Link[];
}

/** The shape of a cut; `--nemesis partition:NAME` asks for one. */
export type PartitionShape = "one" | "halves" | "majority" | "ring" | "bridge" | "oneway" | "leader";

/** All shapes, in the order of the help. */
export const PARTITION_SHAPES: readonly PartitionShape[] = [
  "one",
  "halves",
  "majority",
  "ring",
  "bridge",
  "oneway",
  "leader",
];

/** A shape that needs a change of the members under way, beside those that any cluster gives. */
const CHANGE_SHAPE = "change";

/** Shapes that are drawn only on request: some nodes from the clients, or from the services that they ask. */
const ASKED_SHAPES: readonly string[] = ["clients", "services"];

/** In one partition of this many, clients are cut off too. */
const CLIENT_SHARE = 6;

/** How a partition is drawn, named, described, healed and parsed. */
export const partition: FaultType<Partition> = {
  about: "links between nodes are cut",
  shapes: [...PARTITION_SHAPES, CHANGE_SHAPE, ...ASKED_SHAPES],
  draw(random, shape, view, severity) {
    const present = presentIn(view);
    if (shape === "clients") return drawOutsiders(random, shape, present, [CLIENTS]);
    if (shape === "services") {
      return drawOutsiders(random, shape, present, servicesOf(severity));
    }
    let drawn = shape ?? pick(random, [...PARTITION_SHAPES, CHANGE_SHAPE]);
    if (drawn === CHANGE_SHAPE) {
      const aimed = drawAtChange(random, view);
      if (aimed !== null || shape !== null) return aimed;
      drawn = pick(random, PARTITION_SHAPES);
    }
    // Clients are cut off in the same ways as members: from some nodes, from all, in one direction.
    const hasClients = random.below(CLIENT_SHARE) === 0 && severity.sparesClients !== true;
    const nodes = hasClients ? [...present, CLIENTS] : present;
    if (nodes.length < 2) return null;
    return drawPartition(random, drawn as PartitionShape, { nodes, leader: primaryOf(view)?.id ?? null });
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

/**
 * If some node has not heard of the latest change of the members, cuts the primary and some nodes off from the others.
 * The primary's side is the smallest majority of its configuration, or one node fewer.
 */
function drawAtChange(random: Random, view: View): Partition | null {
  const primary = primaryOf(view);
  if (primary === null) return null;
  const after = membersOf(primary, view);
  const isBehind = (node: NodeView): boolean => {
    const { voters, outgoing } = membersOf(node, view);
    return `${voters} ${outgoing}` !== `${after.voters} ${after.outgoing}`;
  };
  const others = shuffled(random, presentIn(view).filter((id) => id !== primary.id));
  if (!view.some((node) => others.includes(node.id) && isBehind(node))) return null;
  const isVoter = (id: number): boolean => after.voters.includes(id) || after.outgoing.includes(id);
  const order = [primary.id, ...others.filter(isVoter), ...others.filter((id) => !isVoter(id))];
  let size = 1;
  while (size < order.length && !isQuorum(order.slice(0, size), after)) size++;
  if (size > 1 && random.below(2) === 0) size--;
  const cut = between(order.slice(0, size), order.slice(size));
  return cut.length === 0 ? null : { kind: "partition", shape: CHANGE_SHAPE, cut };
}

/** Cuts some nodes off from ends that are not nodes, in one or both directions; `null` if there are none. */
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

/** The facts that a partition is drawn from. */
interface PartitionGround {
  /** The nodes to separate; a cut needs at least two. */
  readonly nodes: readonly number[];
  /** The leader, if it is known. */
  readonly leader: number | null;
}

/**
 * Draws a partition of a shape.
 *
 * | shape | what is cut |
 * |---|---|
 * | `one` | one node from all others |
 * | `halves` | two groups from each other, the smaller one as large as possible |
 * | `majority` | a seeded minority of any size from the rest |
 * | `ring` | each node sees its neighbours in a seeded circle, just enough for a majority, and no two nodes see the
 * same |
 * | `bridge` | two halves from each other, except one node that sees both |
 * | `oneway` | in one direction only: a seeded group, half the time with the leader in it, sends and is not heard, or
 * hears and cannot send |
 * | `leader` | the leader, alone or with a minority, from the rest; as `one` if there is no leader |
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

/** All directions from a node of `from` to a node of `to`. */
function directed(from: readonly number[], to: readonly number[]): Link[] {
  return from.flatMap((a) => to.map((b): Link => [a, b]));
}

/** Both directions between two groups. */
function between(a: readonly number[], b: readonly number[]): Link[] {
  return [...directed(a, b), ...directed(b, a)];
}

/**
 * The directions between nodes that are too far apart in a circle. Each node keeps as many neighbours on both sides as
 * make a majority with itself.
 *
 * With 5 nodes, each sees itself and one neighbour on either side. With 3 nodes that would be everybody: there the
 * circle is opened between two nodes, and both still see the third.
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

/** Describes a cut: two groups that are separated, or which nodes cannot hear which. */
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

/** The two groups that a cut separates in both directions, each ascending; `null` if the cut has another form. */
function twoGroups(cut: readonly Link[]): readonly [number[], number[]] | null {
  const nodes = [...new Set(cut.flat())].sort((a, b) => a - b);
  const beyond = cut.filter(([from]) => from === nodes[0]).map(([, to]) => to).sort((a, b) => a - b);
  const group = nodes.filter((node) => !beyond.includes(node));
  const isAcross = cut.every(([from, to]) => group.includes(from) !== group.includes(to));
  const isWhole = new Set(cut.map(([from, to]) => `${from} ${to}`)).size === 2 * group.length * beyond.length;
  return isAcross && isWhole && cut.length > 0 ? [group, beyond] : null;
}
