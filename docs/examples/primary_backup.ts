// A primary with backups, in this process, on the virtual clock. Node 1 is the primary: it sends each write to its
// backups, and answers when one of them has stored it. Reads are answered by any node. Run it with
//   kaya-raft run --target docs/examples/primary_backup.ts --nemesis partition,kill
// The sweep finds the stale read; --fixed sends all reads to the primary as well.
import { type Completion, defineNodes, type InProcessNode, type Invocation } from "../../harness/mod.ts";
import { type NodeContext, type NodeMessage, type NodeStep, type Target, WORKLOADS } from "../../harness/mod.ts";

const PRIMARY = 1;

type Body =
  | { readonly type: "forward"; readonly client: string; readonly operation: Invocation }
  | { readonly type: "store"; readonly number: number; readonly key: string; readonly value: unknown }
  | { readonly type: "stored"; readonly number: number };

/** A node. A write has a number; a backup stores each write that is newer than what it has under its key. */
class Node implements InProcessNode {
  readonly #context: NodeContext;
  readonly #store: Record<string, [number: number, value: unknown]>;
  /** The clients whose writes were done. */
  readonly #asked: Set<string>;
  /** Writes that wait for a backup, with the client and the answer. */
  readonly #open = new Map<number, { client: string; end: Completion }>();

  constructor(context: NodeContext) {
    this.#context = context;
    this.#asked = new Set(context.disk.read("asked") as string[] | undefined);
    this.#store = (context.disk.read("store") ?? {}) as Record<string, [number, unknown]>;
  }

  handle(message: NodeMessage | null): NodeStep {
    if (message === null) return {};
    const { end, body } = message;
    if (typeof end === "string") return this.#ask(end, body as Invocation);
    const said = body as Body;
    switch (said.type) {
      case "forward":
        return this.#ask(said.client, said.operation);
      case "store":
        this.#keep(said.number, said.key, said.value);
        return { messages: [{ end, body: { type: "stored", number: said.number } }] };
      case "stored": {
        const waiting = this.#open.get(said.number);
        this.#open.delete(said.number);
        return { messages: waiting === undefined ? [] : [{ end: waiting.client, body: waiting.end }] };
      }
    }
  }

  #ask(client: string, operation: Invocation): NodeStep {
    const { id, ids, flags } = this.#context;
    const { f, value } = operation;
    const key = `${operation.key}`;
    const isLocal = f === "read" && !flags["fixed"];
    if (id !== PRIMARY && !isLocal) {
      return { messages: [{ end: PRIMARY, body: { type: "forward", client, operation } }] };
    }
    const [, found = null] = this.#store[key] ?? [];
    // A message may arrive twice; its write is executed only once.
    if (this.#asked.has(client)) return {};
    if (f === "read") return { messages: [{ end: client, body: { type: "ok", value: found } }] };
    const [expected, next] = f === "cas" ? value as [unknown, unknown] : [found, value];
    if (f === "cas" && found !== expected) {
      return { messages: [{ end: client, body: { type: "fail", error: "mismatch", actual: found } }] };
    }
    this.#asked.add(client);
    this.#context.disk.write("asked", [...this.#asked]);
    const number = Number(this.#context.disk.read("number") ?? 0) + 1;
    this.#context.disk.write("number", number);
    this.#keep(number, key, next);
    this.#open.set(number, { client, end: { type: "ok", value } });
    const backups = ids.filter((other) => other !== id);
    if (backups.length === 0) {
      this.#open.delete(number);
      return { messages: [{ end: client, body: { type: "ok", value } }] };
    }
    return { messages: backups.map((end) => ({ end, body: { type: "store", number, key, value: next } })) };
  }

  #keep(number: number, key: string, value: unknown): void {
    if (number <= (this.#store[key]?.[0] ?? 0)) return;
    this.#store[key] = [number, value];
    this.#context.disk.write("store", this.#store);
  }
}

const target: Target = defineNodes({
  name: "primary-backup",
  workloads: { register: WORKLOADS.register },
  flags: { fixed: { type: "boolean", about: "the primary answers reads as well" } },
  serves: "all",
  node: (context) => new Node(context),
});

export default target;
