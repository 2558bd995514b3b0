/**
 * Tells which node has made a connection: by its source address where each node has one of its own, else on Linux by
 * asking a helper process that looks into the kernel's tables.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import type net from "node:net";
import process from "node:process";
import { programCommand } from "./program.ts";

/** The process of each node that runs. */
type Pids = () => ReadonlyMap<number, number>;

/** Finds out who dials. */
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

  /** Which node has made a connection; `null` if it is none. */
  readonly identify = (socket: net.Socket, done: (node: number | null) => void): void => {
    const source = this.#sources.get(socket.remoteAddress?.replace(/^::ffff:/, "") ?? "");
    if (source !== undefined) return done(source);
    if (process.platform !== "linux") return done(null);
    const nodes = new Map([...this.#pids()].map(([node, pid]) => [pid, node]));
    const id = ++this.#asked;
    this.#waiting.set(id, (pid) => done(nodes.get(pid) ?? null));
    const { localPort, remotePort } = socket;
    this.#start().stdin?.write(`${[id, localPort, remotePort, ...nodes.keys()].join(" ")}\n`);
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

  /** The helper has ended: what was asked of it has no answer, and the next question starts another. */
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
