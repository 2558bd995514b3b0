/**
 * A disk that waits where there is no space or no descriptor: the verb is tried again until it succeeds, and so a full
 * disk is a slow one. Nothing that depends on the verb happens meanwhile, and nobody has to be told: a log whose sync
 * does not end is one that the core knows how to live with.
 *
 * A verb may be tried again because all of them say what is to be, and where: a write names its position, a sync and a
 * rename change nothing the second time. Verbs of one file keep their order: what was called later waits.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND, type Timer } from "../clock.ts";
import { Ballast } from "./ballast.ts";
import type { DiskDone } from "../journal/disk.ts";
import type { LiveDisk } from "./disk.ts";
import { DiskTurns } from "./disk_turns.ts";
import type { Log } from "./log_lines.ts";

/** Reasons that pass: no space, no quota of the user's, no descriptors. */
const PASSING: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"]);
const RETRY_AFTER = 250 * MILLISECOND;
/** The log says it again after this time. */
const TOLD_EVERY = 10 * SECOND;
/** What stands for the folder's names among the names of files. */
const FOLDER = "";

/** Tries a verb; ends with what came of it. */
type Attempt<Result extends readonly unknown[]> = (done: (error: Error | null, ...rest: Result) => void) => void;

/** Makes a disk patient. */
export class PatientDisk implements LiveDisk {
  readonly #disk: LiveDisk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ballast: Ballast;
  readonly #turns = new DiskTurns();
  /** Verbs that wait to be tried again, each with what gives it up. */
  readonly #waiting = new Map<Timer, () => void>();
  #toldAt = -TOLD_EVERY;
  #isClosed = false;

  constructor(disk: LiveDisk, clock: Clock, log: Log) {
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
    this.#ballast = new Ballast(disk.folder);
  }

  /** Keeps some room for when there is none, where so much is free. */
  keepBallast(freeBytes: number): void {
    if (!this.#isClosed && !this.isWaiting) this.#ballast.keep(freeBytes);
  }

  get folder(): string {
    return this.#disk.folder;
  }

  get syncs(): number {
    return this.#disk.syncs;
  }

  get writtenBytes(): number {
    return this.#disk.writtenBytes;
  }

  /** Whether a verb waits for space or a descriptor. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  write(file: string, position: number, bytes: Uint8Array, done: DiskDone): void {
    this.#inTurn([file], (ended) => this.#disk.write(file, position, bytes, ended), done);
  }

  sync(file: string, done: DiskDone): void {
    this.#inTurn([file], (ended) => this.#disk.sync(file, ended), done);
  }

  read(
    file: string,
    position: number,
    length: number,
    done: (error: Error | null, bytes: Uint8Array | null) => void,
  ): void {
    this.#inTurn<[Uint8Array | null]>([file], (ended) => this.#disk.read(file, position, length, ended), done);
  }

  size(file: string, done: (error: Error | null, bytes: number | null) => void): void {
    this.#inTurn<[number | null]>([file], (ended) => this.#disk.size(file, ended), done);
  }

  list(done: (error: Error | null, names: readonly string[]) => void): void {
    this.#inTurn<[readonly string[]]>([FOLDER], (ended) => this.#disk.list(ended), done);
  }

  rename(from: string, to: string, done: DiskDone): void {
    this.#inTurn([from, to], (ended) => this.#disk.rename(from, to, ended), done);
  }

  remove(file: string, done: DiskDone): void {
    this.#inTurn([file], (ended) => this.#disk.remove(file, ended), done);
  }

  syncFolder(done: DiskDone): void {
    this.#inTurn([FOLDER], (ended) => this.#disk.syncFolder(ended), done);
  }

  /** Gives up what waits, and lets the folder go. */
  close(done: () => void): void {
    this.#isClosed = true;
    for (const [timer, giveUp] of [...this.#waiting]) {
      timer.cancel();
      giveUp();
    }
    this.#waiting.clear();
    this.#disk.close(done);
  }

  #inTurn<Result extends readonly unknown[] = []>(
    names: readonly string[],
    attempt: Attempt<Result>,
    done: (error: Error | null, ...rest: Result) => void,
  ): void {
    this.#turns.take([...new Set(names)], (end) => {
      const ended = (error: Error | null, ...rest: Result): void => {
        const code = (error as { code?: string } | null)?.code ?? "";
        if (error === null || !PASSING.has(code) || this.#isClosed) {
          done(error, ...rest);
          return end();
        }
        this.#tell(error);
        const timer = this.#clock.after(RETRY_AFTER, () => {
          this.#waiting.delete(timer);
          attempt(ended);
        });
        this.#waiting.set(timer, () => ended(error, ...rest));
      };
      attempt(ended);
    });
  }

  #tell(error: Error): void {
    if (this.#ballast.drop()) this.#log("error", "the ballast is thrown away", { reason: error.message });
    const now = this.#clock.now();
    if (now - this.#toldAt < TOLD_EVERY) return;
    this.#toldAt = now;
    this.#log("error", "waits for the disk", { reason: error.message });
  }
}
