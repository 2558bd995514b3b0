/**
 * Configurations: one change at a time, of one voter unless it is joint; none before a commit in the leader's term;
 * none outlives its entry; a snapshot has the configuration of its index; a leader that is no longer a voter steps down
 * (dissertation, chapter 4).
 *
 * @module
 */
import {
  type Configuration,
  decodeConfiguration,
  encodeConfiguration,
  type Entry,
  type LogIndex,
  type NodeId,
  type RaftLog,
} from "../../../raft/mod.ts";
import { type Observed, sameBytes, type World } from "./world.ts";

/** Checks the configurations of all nodes. */
export class Configurations {
  readonly #world: World;
  /** The committed configurations, each with the index of its entry, in order. */
  readonly #committed: { readonly index: number; readonly data: Uint8Array }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** One at a time (section 4.1), and none before the leader has committed in its own term (the correction of 2015). */
  appends(id: number, node: Observed, entry: Entry): void {
    const { committedThrough, marks } = this.#world;
    const before = node.configurations.at(-1) ?? 0;
    if (before > committedThrough) {
      this.#world.broken(
        `configurations: node ${id} appends one at entry ${entry.index}, while the one at entry ${before} ` +
          `is not committed`,
      );
    }
    if ((marks.at(-1)?.committedIn ?? 0) < entry.term) {
      this.#world.broken(
        `configurations: node ${id} appends one at entry ${entry.index} before anything of term ${entry.term} ` +
          `is committed`,
      );
    }
    node.configurations.push(entry.index);
    if (node.configuration !== null) this.#follows(id, node.configuration, entry);
  }

  /**
   * Majorities of two successive configurations overlap: one voter changes, or a joint configuration is entered or
   * left.
   */
  #follows(id: number, from: Configuration, entry: Entry): void {
    // A joining node knows no configuration yet.
    if (from.voters.length === 0) return;
    const to = decodeConfiguration(entry.data);
    const isLeft = from.votersOutgoing.length > 0 && to.votersOutgoing.length === 0 &&
      sameList(from.voters, to.voters) && sameList([...from.learners, ...from.learnersNext], to.learners);
    const isEntered = from.votersOutgoing.length === 0 && sameList(from.voters, to.votersOutgoing);
    const isSimple = from.votersOutgoing.length === 0 && to.votersOutgoing.length === 0 &&
      missing(from.voters, to.voters) + missing(to.voters, from.voters) <= 1;
    if (isLeft || isEntered || isSimple) return;
    this.#world.broken(
      `configurations: node ${id} appends one at entry ${entry.index} that does not follow from the one before`,
    );
  }

  /** A node truncates its log at an index: it must return to the earlier configuration. */
  cutsOff(node: Observed, from: number): void {
    while (node.configurations.length > 0 && node.configurations.at(-1)! >= from) {
      node.configurations.pop();
      node.owesRollback = true;
    }
  }

  /** A node appends an entry. If a configuration was truncated, it must have returned to the earlier one by now. */
  rollsBack(id: number, node: Observed): void {
    if (!node.owesRollback) return;
    node.owesRollback = false;
    this.#world.broken(`configurations: node ${id} keeps a configuration whose entry it has cut off`);
  }

  /** Another configuration took effect at a node. */
  changes(
    id: number,
    node: Observed,
    configuration: Configuration,
    cause: "append" | "truncate" | "snapshot",
  ): void {
    node.configuration = configuration;
    if (cause === "truncate") node.owesRollback = false;
    if (cause === "snapshot" && configuration !== node.log.snapshot?.configuration) {
      this.#world.broken(
        `configurations: node ${id} installs a snapshot and keeps another configuration than that has`,
      );
    }
  }

  /** A node commits further than any node before, up to an index: configurations among these entries are committed. */
  commits(node: Observed, through: number): void {
    for (const index of node.configurations) {
      if (index <= this.#world.committedThrough || index > through) continue;
      const entry = node.log.entryAt(index as LogIndex);
      if (entry !== undefined) this.#committed.push({ index, data: entry.data });
    }
  }

  /** A leader that is not a voter may lead until that is committed, and then only as long as handing over takes. */
  leadsAsVoter(id: number, node: Observed, before: number): void {
    const { configuration, configurations, transferSinceTick } = node;
    if (configuration === null || (configurations.at(-1) ?? 0) > before || transferSinceTick >= 0) return;
    const { voters, votersOutgoing } = configuration;
    if (voters.includes(id as NodeId) || votersOutgoing.includes(id as NodeId)) return;
    this.#world.broken(
      `configurations: node ${id} leads on, but is no voter since a configuration that was committed`,
    );
  }

  /** A snapshot must have the last configuration that was committed up to its index. */
  checkSnapshot(id: number, { snapshot }: RaftLog): void {
    if (snapshot === null) return;
    let last = this.#committed.length - 1;
    while (last >= 0 && this.#committed[last]!.index > snapshot.index) last--;
    if (last < 0) return;
    const { index, data } = this.#committed[last]!;
    if (sameBytes(encodeConfiguration(snapshot.configuration), data)) return;
    this.#world.broken(
      `configurations: the snapshot of node ${id} at entry ${snapshot.index} has another configuration than ` +
        `entry ${index}`,
    );
  }
}

function sameList(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && missing(a, b) === 0;
}

/** How many of `ids` are not among `others`. */
function missing(ids: readonly NodeId[], others: readonly NodeId[]): number {
  return ids.filter((id) => !others.includes(id)).length;
}
