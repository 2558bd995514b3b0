/**
 * A disk that waits when there is no space or no descriptor. It repeats the operation until it succeeds, so a full disk
 * behaves like a slow one. Nothing that depends on the operation happens meanwhile, and no other code needs to know:
 * the core copes with a log whose sync does not end.
 *
 * Every operation can be repeated, because it states the result: a write names its position, and a second sync or
 * rename changes nothing. Operations on one file keep their order: later ones wait.
 *
 * @module
 */
import { type Clock, MILLISECOND, SECOND, type Timer } from "../clock.ts";
import { Ballast } from "./ballast.ts";
import type { DiskDone } from "../journal/disk.ts";
import type { LiveDisk } from "./disk.ts";
import { DiskTurns } from "./disk_turns.ts";
import type { Log } from "./log_lines.ts";

/** Errors that may pass: no space, no quota left for the user, no descriptors. */
const PASSING: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"]);
/** The codes of these errors that more free space would cure. */
const SPACE: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const RETRY_AFTER = 250 * MILLISECOND;
/** How often the log repeats the message. */
const TOLD_EVERY = 10 * SECOND;
/** The key for operations on the folder's names, among the file names. */
const FOLDER = "";

/** Tries an operation, and calls back with its result. */
type Attempt<Result extends readonly unknown[]> = (done: (error: Error | null, ...rest: Result) => void) => void;

/** Makes a disk patient. */
export class PatientDisk implements LiveDisk {
  readonly #disk: LiveDisk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ballast: Ballast;
  readonly #turns = new DiskTurns();
  /** Operations that wait to be repeated, each with the function that gives it up. */
  readonly #waiting = new Map<Timer, () => void>();
  #toldAt = -TOLD_EVERY;
  #isClosed = false;

  constructor(disk: LiveDisk, clock: Clock, log: Log) {
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
    this.#ballast = new Ballast(disk.folder);
  }

  /** Reserves some space for a full disk, if enough is free. */
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

  /** Whether an operation waits for space or a descriptor. */
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

  /** Gives up the operations that wait, and unlocks the folder. */
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
    const lacksSpace = SPACE.has((error as { code?: string }).code ?? "");
    if (lacksSpace && this.#ballast.drop()) {
      this.#log("error", "the ballast file was deleted to free space", { reason: error.message });
    }
    const now = this.#clock.now();
    if (now - this.#toldAt < TOLD_EVERY) return;
    this.#toldAt = now;
    this.#log("error", "waits for the disk", { reason: error.message });
  }
}
