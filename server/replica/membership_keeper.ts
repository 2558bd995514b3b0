/**
 * The leader's housekeeping among the members: it sees to it that the directory names everybody, and that a newcomer
 * that has caught up becomes what it was added for.
 *
 * @module
 */
import { type ConfigurationChange, membersOf, nodeId, type RaftStatus } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import { type DirectoryEntry, type DirectoryMachine, encodeEntry, encodeRemoval } from "./directory.ts";
import type { ExactlyOnce } from "./exactly_once.ts";
import type { Replica } from "./replica_options.ts";
import type { StateMachine } from "./state_machine.ts";

/** What is to be done next; `null` if nothing is. */
type Chore =
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
    // In a short log nobody lacks many entries: who has acknowledged none was never reached.
    if (follower.matchIndex === 0 || follower.matchIndex + CAUGHT_UP_ENTRIES < lastIndex) continue;
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

/** Ticks from one look at the chores to the next. */
const LOOK_TICKS = 8;
/** What is under way is not begun twice: after a chore the next look comes when that had time to end. */
const LOOK_TICKS_AFTER_CHORE = 32;

/** What the keeper needs. */
interface MembershipKeeperOptions {
  readonly replica: Replica<StateMachine>;
  readonly front: ExactlyOnce;
  readonly directory: DirectoryMachine;
  /** Addresses of members that this node knows from elsewhere, its own among them. */
  readonly known: () => ReadonlyMap<number, string>;
  /** The births of the journals of the members that it has met, and of its own. */
  readonly met: ReadonlyMap<number, number>;
  /** Hears what is done, and later how that ended. */
  readonly onChore?: (about: string) => void;
  readonly onEnd?: (about: string, reply: ClientReply) => void;
}

/** Does the chores of one node whenever that leads. */
export class MembershipKeeper {
  readonly #options: MembershipKeeperOptions;
  #ticksToLook = LOOK_TICKS;

  constructor(options: MembershipKeeperOptions) {
    this.#options = options;
  }

  /** One tick of the node's clock. */
  tick(): void {
    if (--this.#ticksToLook > 0) return;
    this.#ticksToLook = LOOK_TICKS;
    const { replica, front, directory, known, met, onChore, onEnd } = this.#options;
    if (replica.node.role !== "leader") return;
    const chore = nextChore(replica.node.status(), directory.entries, known(), met);
    if (chore === null) return;
    this.#ticksToLook = LOOK_TICKS_AFTER_CHORE;
    const about = aboutChore(chore);
    const ended = (reply: ClientReply): void => onEnd?.(about, reply);
    onChore?.(about);
    switch (chore.type) {
      case "change":
        return replica.changeMembers(chore.change, ended);
      case "enter":
        return front.submit(encodeEntry(chore.entry), ended);
      case "forget":
        return front.submit(encodeRemoval(chore.id), ended);
    }
  }
}

function aboutChore(chore: NonNullable<Chore>): string {
  switch (chore.type) {
    case "change":
      return chore.about;
    case "enter":
      return `enter ${chore.entry.id}`;
    case "forget":
      return `forget ${chore.id}`;
  }
}
