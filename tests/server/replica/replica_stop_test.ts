// A replica that its host stops in the middle of whatever it does: nothing more leaves it, and nothing that it promised is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setting } from "../../corpus.ts";
import type { ClientReply } from "../../../server/replica/client.ts";
import { withSessions } from "../../../server/replica/sessions.ts";
import { submitRequest } from "../../../server/store/client.ts";
import { createKvStore } from "../../../server/store/kv_store.ts";
import { type Member, type ReplicaCluster, replicaCluster } from "./replica_cluster.ts";

/** How many moments are left out between two that are tried. */
const STRIDE = setting("KAYA_THOROUGH", "") === "" ? 97 : 1;
const WRITES = 8;

/** A cluster in which node `whom` is stopped at the `at`-th thing that it does to the outside, once that counts. */
class Stopping {
  readonly cluster: ReplicaCluster;
  readonly #whom: number;
  readonly #at: number;
  #done = 0;
  #counts = false;
  /** What the node did at that moment. */
  moment: string | null = null;
  /** What it did afterwards. */
  readonly later: string[] = [];

  constructor(whom: number, at: number) {
    this.#whom = whom;
    this.#at = at;
    this.cluster = replicaCluster(3, { of: (member) => this.#watched(member) });
    this.cluster.run(40);
    this.#counts = true;
  }

  get isStopped(): boolean {
    return this.moment !== null;
  }

  /** Notes that a node does something, and stops it if this is the moment. */
  note(member: Member, what: string): void {
    if (!this.#counts || member.id !== this.#whom) return;
    if (this.isStopped) this.later.push(what);
    else if (++this.#done === this.#at) {
      this.moment = what;
      member.replica!.stop();
    }
  }

  /** The node starts again. */
  restart(): void {
    this.#counts = false;
    const member = this.cluster.members[this.#whom - 1]!;
    this.cluster.crash(member, 0);
    this.cluster.start(member);
  }

  #watched(member: Member) {
    const sessions = withSessions(member.store = createKvStore());
    const machine: typeof sessions = {
      ...sessions,
      apply: (command, index) => {
        const reply = sessions.apply(command, index);
        if (this.#counts && !this.isStopped) this.note(member, "apply");
        return reply;
      },
      read: (command) => {
        this.note(member, "read");
        return sessions.read(command);
      },
    };
    return {
      machine,
      send: (to: number, packet: ReplicaCluster["wire"][number]["packet"]) => {
        this.note(member, `send ${packet.kind}`);
        this.cluster.wire.push({ to, packet });
      },
    };
  }
}

/** Clients of every node write, read, and ask for a change of leader; the node is stopped on the way. */
function live(whom: number, at: number): Stopping {
  const of = new Stopping(whom, at);
  const { cluster } = of;
  const replies = new Map<string, ClientReply[]>();
  for (let i = 0; i < WRITES; i++) {
    for (const member of cluster.members) {
      if (member.replica!.isStopped) continue;
      const asked = (name: string, operation: { f: string; key: string; value?: string }): void => {
        const got: ClientReply[] = [];
        replies.set(name, got);
        submitRequest(member.replica!.submit, { operation }, (reply) => {
          got.push(reply);
          of.note(member, "reply");
        });
      };
      asked(`${member.id}.${i}`, { f: "put", key: `${member.id}.${i}`, value: "1" });
      asked(`read ${member.id}.${i}`, { f: "get", key: "1.0" });
      if (i === 5) member.replica!.transferLeadership(member.id, () => of.note(member, "reply to a transfer"));
      if (i === 6) member.replica!.compact();
    }
    if (i % 2 === 1) cluster.run(2);
  }
  cluster.run(10);
  const answered = [...replies].filter(([name, got]) => !name.startsWith("read") && got[0]?.type === "ok");
  for (const [name, got] of replies) assert.ok(got.length <= 1, `${name} is answered ${got.length} times`);
  assert.deepEqual(of.later, [], `after "${of.moment}"`);
  of.restart();
  cluster.run(80);
  for (const member of cluster.members) {
    for (const [name] of answered) assert.equal(member.store.get(name), "1", `node ${member.id} has ${name}`);
  }
  return of;
}

test("a node that is stopped while it sends, applies, reads or answers does nothing more, and loses nothing", () => {
  const moments = new Set<string>();
  for (const whom of [1, 2, 3]) {
    for (let at = 1 + whom;; at += STRIDE) {
      let of: Stopping;
      try {
        of = live(whom, at);
      } catch (error) {
        throw new Error(`node ${whom}, moment ${at}: ${(error as Error).message}`, { cause: error });
      }
      if (of.moment === null) break;
      moments.add(of.moment);
    }
  }
  assert.ok(STRIDE > 1 || ["send raft", "send forward", "apply", "read", "reply"].every((what) => moments.has(what)));
});
