/**
 * State machine safety and the commit rule: no two nodes commit different entries at an index, none applies beyond what
 * is committed, and none goes back (Raft, figure 3; section 5.4.3). A leader commits by counting only entries of its
 * own term (section 5.4.2, figure 8). Snapshots of one index are equal.
 *
 * @module
 */
import type { Snapshot } from "../../../raft/mod.ts";
import type { Observed, World } from "./world.ts";

/** How many snapshots are kept for comparison. */
const SNAPSHOTS_KEPT = 16;

/**
 * A node commits entries. They must be those that were committed before, or the first at their index. Returns `false`
 * at the first wrong one.
 */
export function commitsTheSame(world: World, id: number, node: Observed, before: number, through: number): boolean {
  const { committed } = world;
  for (let index = before + 1; index <= through; index++) {
    const term = index > node.log.snapshotIndex ? node.terms[index] : undefined;
    if (term === undefined) continue;
    const known = committed[index];
    if (known === undefined) committed[index] = term;
    else if (term !== known) {
      world.broken(
        `state machine safety: node ${id} commits entry ${index} of term ${term}, where one of term ${known} ` +
          `was committed`,
      );
      return false;
    }
  }
  return true;
}

/** A leader commits further than any node before: the last entry must be of its own term. */
export function countsOwnTerm(world: World, id: number, { role, log }: Observed, through: number): void {
  const { term } = log.state;
  if (role !== "leader" || world.committed[through] === term) return;
  world.broken(
    `commit rule: node ${id} leads term ${term} and commits entry ${through} of term ${world.committed[through]} ` +
      `by counting`,
  );
}

/** A node applies entries: those after the ones that it has applied before. */
export function appliesCommitted(world: World, id: number, node: Observed, from: number, to: number): void {
  if (from !== node.appliedIndex + 1) {
    world.broken(
      `state machine safety: node ${id} applies entries from ${from} on, but has applied those up to ` +
        `${node.appliedIndex}`,
    );
  }
  node.appliedIndex = to;
  if (to <= world.committedThrough) return;
  world.broken(
    `state machine safety: node ${id} applies entry ${to}, but only ${world.committedThrough} is committed`,
  );
}

/**
 * A node installs a leader's snapshot. It must cover only committed entries, and not be older than the node's own
 * commit.
 */
export function installsCommitted(world: World, id: number, node: Observed, index: number, term: number): void {
  const { committed, committedThrough } = world;
  const known = committed[index];
  if (known === undefined ? index > committedThrough : known !== term) {
    world.broken(
      `state machine safety: node ${id} installs a snapshot at entry ${index} of term ${term}, which was ${
        known === undefined ? "never committed" : `committed with term ${known}`
      }`,
    );
  }
  if (index < node.commitIndex) {
    world.broken(
      `state machine safety: node ${id} goes back from entry ${node.commitIndex} to a snapshot at entry ${index}`,
    );
  }
  const next = node.terms[index + 1];
  if (node.terms[index] === term && next !== undefined && next === committed[index + 1]) {
    world.broken(
      `durability: node ${id} gives up entry ${index + 1}, which is committed, for a snapshot at entry ${index}`,
    );
  }
}

/** Compares the snapshots of two nodes at one index byte by byte. */
export class SnapshotsAgree {
  readonly #world: World;
  /** The latest snapshots, by index. */
  readonly #snapshots = new Map<number, { readonly id: number; readonly bytes: number; readonly digest: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A node has taken a snapshot, or starts from one. */
  holds(id: number, { index, bytes, digest }: Snapshot): void {
    const other = this.#snapshots.get(index);
    if (other !== undefined) {
      if (other.bytes === bytes && other.digest === digest) return;
      this.#world.broken(`state machine safety: the snapshots of nodes ${other.id} and ${id} at entry ${index} differ`);
    }
    this.#snapshots.set(index, { id, bytes, digest });
    if (this.#snapshots.size <= SNAPSHOTS_KEPT) return;
    for (const oldest of this.#snapshots.keys()) return void this.#snapshots.delete(oldest);
  }
}
