/**
 * Finds out which node has made a connection or sent a datagram: by its source address, if each node has its own;
 * otherwise, on Linux, by asking a helper process that reads the kernel's tables.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { programCommand } from "./program.ts";

/** The processes of the running nodes. */
type Pids = () => ReadonlyMap<number, number>;

/** A connection or datagram that has arrived. */
interface Arrival {
  readonly protocol: "tcp" | "udp";
  /** The port at which it has arrived. */
  readonly localPort: number;
  /** Where it has come from. */
  readonly remotePort: number;
  readonly remoteAddress: string;
}

/** Finds the node that dialled; `null` if no node did. */
export type Identify = (arrival: Arrival, done: (node: number | null) => void) => void;

/** Identifies the node that dials. */
export class Identifier {
  readonly #pids: Pids;
  /** The node of each source address. */
  readonly #sources: ReadonlyMap<string, number>;
  #helper: ChildProcess | null = null;
  #asked = 0;
  readonly #waiting = new Map<number, (pid: number) => void>();

  constructor(pids: Pids, sources: ReadonlyMap<string, number> = new Map()) {
    this.#pids = pids;
    this.#sources = sources;
  }

  /** Finds the node that dialled; `null` if no node did. */
  readonly identify: Identify = (arrival, done) => {
    const { protocol, localPort, remotePort, remoteAddress } = arrival;
    const source = this.#sources.get(remoteAddress.replace(/^::ffff:/, ""));
    if (source !== undefined) return done(source);
    if (process.platform !== "linux") return done(null);
    const nodes = new Map([...this.#pids()].map(([node, pid]) => [pid, node]));
    const id = ++this.#asked;
    this.#waiting.set(id, (pid) => done(nodes.get(pid) ?? null));
    this.#start().stdin?.write(`${[id, protocol, localPort, remotePort, ...nodes.keys()].join(" ")}\n`);
  };

  #start(): ChildProcess {
    if (this.#helper !== null) return this.#helper;
    const [program = "", ...args] = programCommand(["kaya-raft dialler"], "all");
    const helper = this.#helper = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], detached: true });
    let held = "";
    helper.stdin?.on("error", () => {});
    helper.on("error", () => this.#lost());
    helper.on("exit", () => this.#lost());
    helper.stdout?.setEncoding("utf8");
    helper.stdout?.on("data", (text: string) => {
      const lines = (held + text).split("\n");
      held = lines.pop()!;
      for (const line of lines) this.#answered(line);
    });
    return helper;
  }

  #answered(line: string): void {
    const [id = 0, pid = 0] = line.split(" ").map(Number);
    const done = this.#waiting.get(id);
    this.#waiting.delete(id);
    done?.(pid);
  }

  /** Handles the end of the helper: open questions get no answer, and the next question starts another helper. */
  #lost(): void {
    this.#helper = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const done of waiting) done(0);
  }

  /** Ends the helper. */
  close(): void {
    this.#helper?.stdin?.end();
  }
}
