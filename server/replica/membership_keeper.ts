/**
 * The leader's routine work on the membership: it keeps an entry in the directory for every member, and promotes a new
 * member that has caught up.
 *
 * @module
 */
import { type ConfigurationChange, membersOf, nodeId, type RaftStatus } from "../../raft/mod.ts";
import type { ClientReply } from "./client.ts";
import { type DirectoryEntry, type DirectoryMachine, encodeEntry, encodeRemoval } from "./directory.ts";
import type { ExactlyOnce } from "./exactly_once.ts";
import type { Replica } from "./replica_options.ts";
import type { StateMachine } from "./state_machine.ts";

/** A task of the leader; `null` if there is none. */
type Chore =
  | { readonly type: "enter"; readonly entry: DirectoryEntry }
  | { readonly type: "forget"; readonly id: number }
  | { readonly type: "change"; readonly change: ConfigurationChange; readonly about: string }
  | null;

/** A new member has caught up when it lacks no more than this many entries, unless the options say otherwise. */
const CAUGHT_UP_ENTRIES = 1000;

/**
 * The next task of a leader. A pure function.
 *
 * @param status The leader's status.
 * @param directory The current entries of the directory.
 * @param known Members' addresses that the leader knows without the directory, its own included.
 * @param births The births of the journals of the members that the leader has met, and of its own.
 * @param caughtUpEntries A new member has caught up when it lacks no more than this many entries.
 */
export function nextChore(
  status: RaftStatus,
  directory: ReadonlyMap<number, DirectoryEntry>,
  known: ReadonlyMap<number, string>,
  births: ReadonlyMap<number, number> = new Map(),
  caughtUpEntries: number = CAUGHT_UP_ENTRIES,
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
    // In a short log no member lacks many entries. A member that has acknowledged none was never reached.
    if (follower.matchIndex === 0 || follower.matchIndex + caughtUpEntries < lastIndex) continue;
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

/** Ticks between two checks. */
const LOOK_TICKS = 8;
/** Ticks until the next check after a task has begun: it gets time to end, so no task is begun twice. */
const LOOK_TICKS_AFTER_CHORE = 32;

/** The parts that the keeper needs. */
interface MembershipKeeperOptions {
  readonly replica: Pick<Replica<StateMachine>, "node" | "changeMembers">;
  readonly front: ExactlyOnce;
  readonly directory: DirectoryMachine;
  /** Members' addresses that this node knows without the directory, its own included. */
  readonly known: () => ReadonlyMap<number, string>;
  /** The births of the journals of the members that this node has met, and of its own. */
  readonly met: ReadonlyMap<number, number>;
  /** A new member has caught up when it lacks no more than this many entries. Default 1000. */
  readonly caughtUpEntries?: number;
  /** Called with the description of a task when it begins, and with its result. */
  readonly onChore?: (about: string) => void;
  readonly onEnd?: (about: string, reply: ClientReply) => void;
}

/** Does these tasks on one node while that node leads. */
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
    const { replica, front, directory, known, met, caughtUpEntries, onChore, onEnd } = this.#options;
    if (replica.node.role !== "leader") return;
    const chore = nextChore(replica.node.status(), directory.entries, known(), met, caughtUpEntries);
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
