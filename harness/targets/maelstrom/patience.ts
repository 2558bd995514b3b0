/**
 * How long a node may be silent in real time when it starts. A machine that is busy makes nodes slow, and a compiler
 * starts slowly: neither is a node that hangs.
 *
 * Where the system tells how much a process has computed (Linux), a node hangs that has computed for some seconds
 * without an end, or that waits for something else than its input: it is silent and computes nothing. Elsewhere the
 * time alone decides.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** So long a node may compute without an end, in milliseconds, */
const COMPUTING_MS = 3_500;
/** so long it may compute nothing once its time is over, */
const RESTING_MS = 1_000;
/** and so long it may be silent at all. */
const SILENT_MS = 30_000;
/** A unit of the system's counts of computing time. */
const CLOCK_TICK_MS = 10;

/** The patience with a node from some moment on. */
export class Patience {
  readonly #pid: number | undefined;
  readonly #limit: number;
  readonly #began: number;
  readonly #computedBefore: number | null;
  #computed: number | null;
  #changedAt: number;

  /** `limit`: milliseconds of real time that a node has in any case. */
  constructor(pid: number | undefined, limit: number) {
    this.#pid = pid;
    this.#limit = limit;
    this.#began = this.#changedAt = performance.now();
    this.#computed = this.#computedBefore = computedBy(pid);
  }

  /** Whether it is at its end. To be asked some times a second. */
  isOver(): boolean {
    const passed = performance.now() - this.#began;
    const computed = computedBy(this.#pid);
    if (computed === null || this.#computedBefore === null) return passed > this.#limit;
    if (computed !== this.#computed) {
      this.#computed = computed;
      this.#changedAt = performance.now();
    }
    if (computed - this.#computedBefore > COMPUTING_MS || passed > SILENT_MS) return true;
    return passed > this.#limit && performance.now() - this.#changedAt > RESTING_MS;
  }
}

/** Milliseconds that a process and its children of the same group have computed; `null` where nobody tells. */
function computedBy(pid: number | undefined): number | null {
  if (pid === undefined || process.platform !== "linux") return null;
  const own = statOf(String(pid));
  if (own === null) return null;
  const group = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(pid)).map(statOf);
  return group.reduce((sum, each) => each?.group === pid ? sum + each.computed : sum, own.computed);
}

/**
 * What /proc/PID/stat says: behind the name, which may hold anything, the fields 3 (state), 5 (group), 14 and 15
 * (time).
 */
function statOf(pid: string): { readonly group: number; readonly computed: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { group: Number(fields[2]), computed: (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS };
  } catch {
    return null;
  }
}
