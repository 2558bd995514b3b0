/**
 * Cleans up the harness's processes and its temporary folder. A separate process, the reaper, ends and removes them
 * even if the harness itself is killed.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { programCommand } from "./program.ts";

/** A temporary folder, and the processes that use it. */
export class CleanUp {
  /** The folder. */
  readonly folder: string;
  readonly #reaper: ChildProcess;
  #hasEnded = false;

  /**
   * Makes the folder, and starts the reaper.
   *
   * @param name The beginning of the folder's name.
   */
  constructor(name: string) {
    try {
      this.folder = mkdtempSync(join(tmpdir(), name));
      // A node that runs as another user must be able to reach its own folder in it.
      chmodSync(this.folder, 0o711);
    } catch (error) {
      throw new Error(`Cannot make a folder in ${tmpdir()}: ${(error as Error).message}`);
    }
    const [program = "", ...args] = programCommand(["kaya-raft reaper"], "all");
    this.#reaper = spawn(program, args, {
      stdio: ["pipe", "ignore", "ignore"],
      detached: process.platform !== "win32",
    });
    this.#reaper.on("error", () => {});
    this.#reaper.stdin?.on("error", () => {});
    this.#write(`folder ${this.folder}`);
  }

  /** Notes that a process was started, which leads its own group, and the mark of its descendants. */
  started(pid: number, mark: string = ""): void {
    this.#write(`process ${pid} ${mark}`);
  }

  /** Notes that it has ended: its number may be reused soon. */
  ended(pid: number): void {
    this.#write(`gone ${pid}`);
  }

  /** Ends all processes and removes the folder. */
  end(done: () => void): void {
    if (this.#hasEnded || this.#reaper.exitCode !== null) return done();
    this.#hasEnded = true;
    this.#reaper.on("exit", () => done());
    this.#reaper.stdin?.end();
  }

  #write(line: string): void {
    if (!this.#hasEnded) this.#reaper.stdin?.write(`${line}\n`);
  }
}
