/**
 * The properties that must hold in every world, and the memory of the past that is needed to check them: Raft's safety
 * properties (figure 3 of the paper).
 *
 * @module
 */
import type { LogIndex, ReadResult } from "../../../raft/mod.ts";
import { entryText } from "./synced_log.ts";
import type { Host, Moved, World } from "./world.ts";

/** The memory of the past. */
export interface Memory {
  /** The leader of each term, by term; 0 if there was none. */
  readonly leaders: readonly number[];
  /** Each entry that was ever committed, from index 1 on, with the term of the commit. */
  readonly committed: readonly Committed[];
  /** For each read, how many entries were committed when it was requested. */
  readonly floors: readonly number[];
}

/** An entry that was committed. */
interface Committed {
  readonly entry: string;
  /** The term of the node that first committed it. Leaders of later terms must hold it. */
  readonly inTerm: number;
}

/** The memory before anything has happened. */
export const NO_MEMORY: Memory = { leaders: [], committed: [], floors: [] };

/** A text that is equal for equal memories. */
export function memoryText({ leaders, committed, floors }: Memory): string {
  return `${leaders.join(",")};${committed.map(({ entry, inTerm }) => `${entry}@${inTerm}`).join(" ")};${
    floors.join(",")
  }`;
}

/** The memory after a step, and the violation; `null` if there is none. */
export interface Judged {
  readonly memory: Memory;
  readonly violation: string | null;
}

/**
 * Checks a world.
 *
 * @param moved The world after the step, and the node that has moved. The other nodes are as they were at the last
 * check.
 * @param memory The memory before the step.
 */
export function judge({ world, node, reads }: Moved, memory: Memory): Judged {
  const host = world.hosts[node - 1]!;
  const { appliedIndex, commitIndex } = host.node;
  if (appliedIndex > commitIndex) {
    return { memory, violation: `node ${node} applies entry ${appliedIndex}, but has committed up to ${commitIndex}` };
  }
  const { leaders, violation: elected } = judgeLeader(host, memory);
  if (elected !== null) return { memory, violation: elected };
  const { committed, violation: lost } = judgeCommits(world, host, memory);
  if (lost !== null) return { memory, violation: lost };
  const floors = world.used.reads > memory.floors.length ? [...memory.floors, memory.committed.length] : memory.floors;
  const isSame = leaders === memory.leaders && committed === memory.committed && floors === memory.floors;
  const violation = judgeReads(reads, floors) ?? judgeLogs(world, host);
  return { memory: isSame ? memory : { leaders, committed, floors }, violation };
}

/** Linearizable reads: each sees all entries that were committed when it was requested. */
function judgeReads(reads: readonly ReadResult[], floors: readonly number[]): string | null {
  for (const { context, index } of reads) {
    const floor = floors[context - 1]!;
    if (index !== null && index < floor) {
      return `read ${context} sees entries up to ${index}, but ${floor} were committed when it was asked`;
    }
  }
  return null;
}

/** Election safety: at most one leader in a term. Leader completeness: a leader holds all committed entries. */
function judgeLeader({ node, log }: Host, memory: Memory): { leaders: readonly number[]; violation: string | null } {
  const { leaders, committed } = memory;
  if (node.role !== "leader") return { leaders, violation: null };
  const known = leaders[node.term] ?? 0;
  if (known !== 0 && known !== node.id) {
    return { leaders, violation: `term ${node.term} has two leaders, nodes ${known} and ${node.id}` };
  }
  if (known === node.id) return { leaders, violation: null };
  for (let i = 0; i < committed.length; i++) {
    const entry = log.entryAt(i + 1 as LogIndex);
    if (committed[i]!.inTerm >= node.term) continue;
    if (entry === undefined || entryText(entry) !== committed[i]!.entry) {
      const violation = `node ${node.id} leads in term ${node.term}, but lacks entry ${i + 1}, which was committed`;
      return { leaders, violation };
    }
  }
  const grown = Array.from({ length: Math.max(leaders.length, node.term + 1) }, (_, term) => leaders[term] ?? 0);
  grown[node.term] = node.id;
  return { leaders: grown, violation: null };
}

/** State machine safety: the committed entry at an index is the same everywhere, for ever, and durable on a quorum. */
function judgeCommits(
  world: World,
  { node, log }: Host,
  { committed }: Memory,
): { committed: readonly Committed[]; violation: string | null } {
  let grown = committed;
  for (let i = 0; i < node.commitIndex; i++) {
    const entry = entryText(log.entryAt(i + 1 as LogIndex)!);
    if (i < grown.length) {
      if (grown[i]!.entry === entry) continue;
      const violation = `node ${node.id} commits another entry ${i + 1} than was committed before`;
      return { committed, violation };
    }
    const holders = world.hosts.filter(({ log }) => {
      const held = log.durableIndex > i ? log.entryAt(i + 1 as LogIndex) : undefined;
      return held !== undefined && entryText(held) === entry;
    });
    if (holders.length * 2 <= world.hosts.length) {
      const by = holders.map(({ node }) => node.id).join(", ") || "none";
      return { committed, violation: `entry ${i + 1} is committed, but durable only on ${by}` };
    }
    grown = [...grown, { entry, inTerm: node.term }];
  }
  return { committed: grown, violation: null };
}

/** Log matching: if two logs have an entry of the same index and term, they are equal up to there. */
function judgeLogs(world: World, { node, log }: Host): string | null {
  const own = log.entries();
  for (const other of world.hosts) {
    if (other.node.id === node.id) continue;
    const theirs = other.log.entries();
    let place = Math.min(own.length, theirs.length) - 1;
    while (place >= 0 && own[place]!.term !== theirs[place]!.term) place--;
    for (; place >= 0; place--) {
      if (entryText(own[place]!) !== entryText(theirs[place]!)) {
        return `the logs of nodes ${node.id} and ${other.node.id} agree at a later entry, but not at ${place + 1}`;
      }
    }
  }
  return null;
}
