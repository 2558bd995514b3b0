/**
 * What a node checks now and then: who leads, whether it is still a member itself, and which peers are no longer peers.
 *
 * @module
 */
import { membersOf } from "../../raft/mod.ts";
import type { Replica } from "../replica/replica.ts";
import type { SessionMachine } from "../replica/sessions.ts";
import type { Log } from "./log_lines.ts";
import type { NodeOptions } from "./node_options.ts";
import type { PeerBook } from "./peer_book.ts";

/** Ticks between two checks. */
const LOOK_TICKS = 8;

/** The parts that the chores need. */
interface ChoresOptions {
  readonly options: NodeOptions;
  readonly log: Log;
  readonly replica: Replica<SessionMachine>;
  readonly book: PeerBook;
  /** Called when this node is no longer a member. */
  readonly onRemoved: () => void;
}

/** The chores of one node. */
export class Chores {
  readonly #parts: ChoresOptions;
  #ticksToLook = LOOK_TICKS;
  #wasLeading = false;
  #lastLeader: number | null = null;
  #wasMember = false;
  #lastTerm: number;
  #elections = 0;

  constructor(parts: ChoresOptions) {
    this.#parts = parts;
    const { leader, term } = parts.replica.node;
    // A lone node leads as soon as it starts: that election counts.
    this.#lastTerm = leader === null ? term : term - 1;
  }

  /** How many elections this node has seen since it began. */
  get elections(): number {
    this.#countElections();
    return this.#elections;
  }

  #countElections(): void {
    const { node } = this.#parts.replica;
    if (node.leader === null || node.term <= this.#lastTerm) return;
    this.#lastTerm = node.term;
    this.#elections++;
  }

  /** Counts a tick towards the next check. */
  tick(): void {
    if (--this.#ticksToLook > 0) return;
    this.#ticksToLook = LOOK_TICKS;
    this.#sayWhoLeads();
    this.#lookForOneself();
    this.#parts.book.dismissStrangers();
  }

  #sayWhoLeads(): void {
    const { node } = this.#parts.replica;
    const leads = node.role === "leader";
    this.#countElections();
    if (node.leader === this.#lastLeader && leads === this.#wasLeading) return;
    this.#lastLeader = node.leader;
    this.#wasLeading = leads;
    this.#parts.log("info", leads ? "leads" : "follows", { term: node.term, leader: node.leader });
  }

  /** Detects that this node was removed: it was a member, and a committed configuration lacks it. */
  #lookForOneself(): void {
    const { configuration, configurationIndex, commitIndex } = this.#parts.replica.node.status();
    const isMember = membersOf(configuration).some((member) => member === this.#parts.options.id);
    if (this.#wasMember && !isMember && configurationIndex <= commitIndex) this.#parts.onRemoved();
    else this.#wasMember ||= isMember;
  }
}
