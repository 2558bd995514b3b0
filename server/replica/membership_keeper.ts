/**
 * The leader's housekeeping among the members: it sees to it that the directory names everybody, and that a newcomer that has caught up becomes what it
 * was added for.
 *
 * @module
 */
import { type ConfigurationChange, membersOf, nodeId, type RaftStatus } from "../../raft/mod.ts";
import type { DirectoryEntry } from "./directory.ts";

/** What is to be done next; `null` if nothing is. */
export type Chore =
  | { readonly type: "enter"; readonly entry: DirectoryEntry }
  | { readonly type: "forget"; readonly id: number }
  | { readonly type: "change"; readonly change: ConfigurationChange; readonly about: string }
  | null;

/** A newcomer has caught up when it lacks no more than so many entries. */
const CAUGHT_UP_ENTRIES = 1000;

/**
 * The next chore of a leader. A pure function.
 *
 * @param status The leader's.
 * @param directory The entries at present.
 * @param known Addresses of members that the leader knows from elsewhere, its own among them.
 * @param births The births of the journals of those that it has met, and of its own.
 */
export function nextChore(
  status: RaftStatus,
  directory: ReadonlyMap<number, DirectoryEntry>,
  known: ReadonlyMap<number, string>,
  births: ReadonlyMap<number, number> = new Map(),
): Chore {
  if (status.role !== "leader" || status.transferTarget !== null) return null;
  const members = membersOf(status.configuration);
  for (const id of members) {
    const address = known.get(id);
    const entry = directory.get(id);
    const birth = births.get(id) ?? 0;
    if (entry === undefined && address !== undefined) {
      return { type: "enter", entry: { id, address, wish: "as-is", replaces: 0, birth } };
    }
    if (entry?.birth === 0 && birth !== 0) return { type: "enter", entry: { ...entry, birth } };
  }
  const { configuration, configurationIndex, commitIndex, followers, lastIndex } = status;
  if (configurationIndex > commitIndex || configuration.votersOutgoing.length > 0) return null;
  for (const entry of directory.values()) {
    const { id, wish, replaces } = entry;
    const follower = followers.find((one) => one.id === id);
    if (wish === "voter" && configuration.voters.includes(nodeId(id))) {
      return { type: "enter", entry: { ...entry, wish: "as-is", replaces: 0 } };
    }
    if (wish !== "voter" || follower === undefined || !follower.isLearner || !follower.isActive) continue;
    if (follower.matchIndex + CAUGHT_UP_ENTRIES < lastIndex) continue;
    const promotion = { type: "add-voter", node: nodeId(id) } as const;
    if (replaces === 0 || !members.includes(nodeId(replaces))) {
      return { type: "change", change: { type: "simple", changes: [promotion] }, about: `node ${id} becomes a voter` };
    }
    const changes = [promotion, { type: "remove", node: nodeId(replaces) } as const];
    const change = { type: "enter-joint", changes, autoLeave: true } as const;
    return { type: "change", change, about: `node ${id} takes the place of node ${replaces}` };
  }
  for (const { id, wish } of directory.values()) {
    if (wish === "as-is" && !members.includes(nodeId(id))) return { type: "forget", id };
  }
  return null;
}
