/**
 * Changes the members of a live cluster, as an administrator does.
 *
 * @module
 */
import { type Clock, SECOND } from "../../../server/mod.ts";
import { type Address, formatAddress } from "../../../server/peer/peer_options.ts";
import { type Suffering, typeOf } from "../../nemesis/faults.ts";
import type { Strike } from "../../nemesis/kind.ts";
import type { Member as MemberFault } from "../../nemesis/member.ts";
import { primaryOf } from "../../nemesis/view.ts";
import type { LiveNode } from "./live_node.ts";

/** The parts that changes need. */
interface LiveChangesOptions {
  readonly clock: Clock;
  readonly nodes: ReadonlyMap<number, LiveNode>;
  /** The address at which a node listens to the others; `undefined` if this run has no address for the node. */
  readonly listen: (id: number) => Address | undefined;
  /** The address at which a node serves clients. */
  readonly client: (id: number) => Address;
  /** Starts a node that joins through the node with this client address. */
  readonly join: (id: number, host: Address) => void;
}

/** The time limit of a membership change. */
const CHANGE_TIMEOUT = 5 * SECOND;
/** How long a removed node keeps running, as if nobody had told it. */
const REMOVED_RUNS = 2 * SECOND;

/** Changes the members. */
export class LiveChanges implements Suffering<MemberFault> {
  readonly #options: LiveChangesOptions;

  constructor(options: LiveChangesOptions) {
    this.#options = options;
  }

  /** Requests the change. */
  inject(fault: MemberFault, done: (strike: Strike) => void): void {
    const what = typeOf(fault).say(fault);
    const told = (error: string | null): void => {
      done({ struck: error === null, detail: error === null ? what : `${what}: ${error}` });
    };
    const { change, node } = fault;
    switch (change) {
      case "add":
      case "join":
      case "replace":
        return this.#join(fault, told);
      case "reuse":
        return told("real processes keep their numbers");
      case "joint":
      case "wrong":
        return this.#administer(["KAYA", JSON.stringify({ change: jointOf(fault) })], told);
      case "remove":
        return this.#administer(["RAFT", "REMOVE", `${node}`], (error) => {
          if (error === null) this.#takeAway(node);
          told(error);
        });
      case "promote":
      case "demote": {
        const type = change === "promote" ? "add-voter" : "add-learner";
        const changes = [{ type, node }];
        return this.#administer(["KAYA", JSON.stringify({ change: { type: "simple", changes } })], told);
      }
      case "transfer":
        return this.#administer(["RAFT", "TRANSFER", `${node}`], told);
    }
  }

  /** There is nothing to heal: the change stays. */
  heal(_fault: MemberFault, done: (strike: Strike) => void): void {
    done({ struck: false, detail: "there is no healing" });
  }

  #join({ change, node, old }: MemberFault, told: (error: string | null) => void): void {
    const { nodes, listen, client, join } = this.#options;
    const place = listen(node);
    if (nodes.has(node) || place === undefined) return told(`the run has no address left for node ${node}`);
    const host = [...nodes.values()].find(({ member }) => member.state === "running");
    if (host === undefined) return told("no node runs");
    const address = formatAddress(place);
    const command = change !== "replace"
      ? ["RAFT", "ADD", `${node}`, address]
      : ["RAFT", "REPLACE", `${old}`, `${node}`, address];
    this.#administer(command, (error) => {
      if (error === null) join(node, client(host.member.id));
      told(error);
    });
  }

  #takeAway(id: number): void {
    const member = this.#options.nodes.get(id)?.member;
    if (member === undefined) return;
    member.remove();
    this.#options.clock.after(REMOVED_RUNS, () => member.end(() => {}));
  }

  /** Asks the running nodes in turn, the leader first, until one succeeds. */
  #administer(command: readonly string[], done: (error: string | null) => void): void {
    const { nodes } = this.#options;
    const view = [...nodes.values()].map((node) => node.view());
    const running = view.filter(({ state }) => state === "running").map(({ id }) => id);
    const leader = primaryOf(view)?.id;
    const order = leader === undefined ? running : [leader, ...running.filter((id) => id !== leader)];
    const next = (i: number, lastError: string): void => {
      const node = nodes.get(order[i] ?? -1);
      if (node === undefined) return done(lastError);
      node.administer(command, CHANGE_TIMEOUT, (error) => {
        if (error === null) done(null);
        else next(i + 1, error);
      });
    };
    next(0, "no node runs");
  }
}

/**
 * The change as the core takes it. A joint change adds no nodes here, because only `#join` gives a node an address. The
 * cluster leaves the joint configuration by itself.
 */
function jointOf({ change, steps = [] }: MemberFault): unknown {
  return change === "wrong"
    ? { type: "simple", changes: steps }
    : { type: "enter-joint", changes: steps, autoLeave: true };
}
