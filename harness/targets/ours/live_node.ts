/**
 * One node of our server as a process: its lives, the connections to it, and its last known status.
 *
 * @module
 */
import type { ClientReply, Clock } from "../../../server/mod.ts";
import type { Address } from "../../../server/peer/peer_options.ts";
import type { CommandRequest } from "../../../server/replica/client.ts";
import type { NodeView } from "../../nemesis/kind.ts";
import type { CleanUp } from "../../rig/clean_up.ts";
import { Member } from "../../rig/member.ts";
import { programCommand } from "../../rig/program.ts";
import { type RaftSays, raftView } from "../../sim/raft_view.ts";
import { LiveConnections } from "./live_connections.ts";

/** The options of a node. */
interface LiveNodeOptions {
  readonly id: number;
  readonly clock: Clock;
  readonly cleanUp: CleanUp;
  /** The address at which it serves clients. */
  readonly client: Address;
  /** The flags of `serve`. */
  readonly flags: readonly string[];
  /** Called when it did something that no fault asked for. */
  readonly onComplaint: (text: string) => void;
}

const NOTHING_SAID: RaftSays = {
  ...{ role: "follower", term: 0, commitIndex: 0 },
  ...{ voters: [], votersOutgoing: [], learners: [] },
};

/** A node. */
export class LiveNode {
  readonly member: Member;
  readonly connections: LiveConnections;
  #says: RaftSays = NOTHING_SAID;

  constructor({ id, clock, cleanUp, client, flags, onComplaint }: LiveNodeOptions) {
    this.connections = new LiveConnections(client, clock);
    this.member = new Member({
      id,
      cleanUp,
      command: () => ({ argv: programCommand(["serve", "--stop-with-stdin", ...flags]) }),
      onEnd: () => this.connections.close(),
      onComplaint,
    });
  }

  /** Sends a client's request. */
  ask(client: number, request: CommandRequest, reply: (reply: ClientReply) => void): void {
    if (this.member.state === "down") reply({ type: "fail", error: "connection refused" });
    else this.connections.ask(client, request, reply);
  }

  /** Sends an administrator's command. Calls `done` with the error's text, or null. */
  administer(command: readonly string[], timeout: number, done: (error: string | null) => void): void {
    if (this.member.state === "down") done("it is down");
    else this.connections.administer(command, timeout, done);
  }

  /** Reads its status, for `view`. */
  look(done: () => void): void {
    if (!this.member.isAwake) return done();
    this.connections.status((status) => {
      if (status !== null) this.#says = status;
      done();
    });
  }

  /** Its state. */
  view(): NodeView {
    return raftView(this.member.id, this.member.state, this.#says);
  }
}
