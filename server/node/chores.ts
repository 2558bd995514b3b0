/**
 * What a node looks at now and then: who leads, whether the members' directory is right, and who is no peer any more.
 *
 * @module
 */
import { membersOf } from "../../raft/mod.ts";
import { formatAddress } from "../peer/peer_options.ts";
import type { ClientReply } from "../replica/client.ts";
import { type DirectoryMachine, encodeEntry, encodeRemoval } from "../replica/directory.ts";
import type { ExactlyOnce } from "../replica/exactly_once.ts";
import { nextChore } from "../replica/membership_keeper.ts";
import type { Replica } from "../replica/replica.ts";
import type { SessionMachine } from "../replica/sessions.ts";
import type { Log } from "./log_lines.ts";
import { failureOf } from "./member_commands.ts";
import type { NodeOptions } from "./node_options.ts";
import type { PeerBook } from "./peer_book.ts";

/** Ticks from one look to the next. */
const LOOK_TICKS = 8;

/** What the chores need. */
export interface ChoresOptions {
  readonly options: NodeOptions;
  readonly log: Log;
  readonly replica: Replica<SessionMachine>;
  readonly front: ExactlyOnce;
  readonly directory: DirectoryMachine;
  readonly book: PeerBook;
  /** This node is no member any more. */
  readonly onRemoved: () => void;
}

/** The chores of one node. */
export class Chores {
  readonly #parts: ChoresOptions;
  #ticksToLook = LOOK_TICKS;
  #wasLeading = false;
  #lastLeader: number | null = null;
  #wasMember = false;

  constructor(parts: ChoresOptions) {
    this.#parts = parts;
  }

  /** Counts towards the next look. */
  tick(): void {
    if (--this.#ticksToLook > 0) return;
    this.#ticksToLook = LOOK_TICKS;
    this.#sayWhoLeads();
    this.#lookForOneself();
    this.#parts.book.dismissStrangers();
    if (this.#parts.replica.node.role === "leader") this.#keepMembers();
  }

  #sayWhoLeads(): void {
    const { node } = this.#parts.replica;
    const leads = node.role === "leader";
    if (node.leader === this.#lastLeader && leads === this.#wasLeading) return;
    this.#lastLeader = node.leader;
    this.#wasLeading = leads;
    this.#parts.log("info", leads ? "leads" : "follows", { term: node.term, leader: node.leader });
  }

  /** A node that was a member and is none by a committed configuration was removed. */
  #lookForOneself(): void {
    const { configuration, configurationIndex, commitIndex } = this.#parts.replica.node.status();
    const isMember = membersOf(configuration).some((member) => member === this.#parts.options.id);
    if (this.#wasMember && !isMember && configurationIndex <= commitIndex) this.#parts.onRemoved();
    else this.#wasMember ||= isMember;
  }

  #keepMembers(): void {
    const { options, log, replica, front, directory, book } = this.#parts;
    // By which way this node reaches a member need not be everybody's way: what the operator gave goes into the
    // directory, and routes do not.
    const known = new Map([...options.peers].map(([peer, at]) => [peer, formatAddress(at)]));
    known.set(options.id, formatAddress(book.advertised));
    const chore = nextChore(replica.node.status(), directory.entries, known, book.met);
    if (chore === null) return;
    // What is under way is not begun twice: the next look comes when it had time to end.
    this.#ticksToLook = 4 * LOOK_TICKS;
    const told = (about: string) => (reply: ClientReply): void => {
      const reason = failureOf(reply);
      if (reason !== null) log("warn", "chore failed", { about, reason });
    };
    switch (chore.type) {
      case "change":
        log("info", "members change", { about: chore.about });
        return replica.changeMembers(chore.change, told(chore.about));
      case "enter":
        return front.submit(encodeEntry(chore.entry), told(`enter ${chore.entry.id}`));
      case "forget":
        return front.submit(encodeRemoval(chore.id), told(`forget ${chore.id}`));
    }
  }
}
