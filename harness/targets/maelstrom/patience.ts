/**
 * How long a node may be silent at its start, in real time. Nodes are slow on a busy machine, and compilers start
 * slowly; neither means that a node hangs.
 *
 * If the system reports a process's CPU time (Linux), a node counts as hanging if it computes for some seconds without
 * end, or if it waits for something other than its input: then it is silent and uses no CPU time. On other systems only
 * the time counts.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** How long a node may compute without end, in milliseconds. */
const COMPUTING_MS = 3_500;
/** How long a node may use no CPU time after its time limit, in milliseconds. */
const RESTING_MS = 1_000;
/** How long a node may be silent at most, in milliseconds. */
const SILENT_MS = 30_000;
/** The unit of the system's CPU times, in milliseconds. */
const CLOCK_TICK_MS = 10;

/** Waits for a node, from some moment on. */
export class Patience {
  readonly #pid: number | undefined;
  readonly #limit: number;
  readonly #began: number;
  readonly #computedBefore: number | null;
  #computed: number | null;
  #changedAt: number;

  /** `limit`: the time limit, in milliseconds of real time. */
  constructor(pid: number | undefined, limit: number) {
    this.#pid = pid;
    this.#limit = limit;
    this.#began = this.#changedAt = performance.now();
    this.#computed = this.#computedBefore = computedBy(pid);
  }

  /** Whether the wait is over. To be called some times a second. */
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

/** The CPU time in milliseconds of a process and of its children in the same group; `null` if it is unknown. */
function computedBy(pid: number | undefined): number | null {
  if (pid === undefined || process.platform !== "linux") return null;
  const own = statOf(String(pid));
  if (own === null) return null;
  const group = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(pid)).map(statOf);
  return group.reduce((sum, each) => each?.group === pid ? sum + each.computed : sum, own.computed);
}

/**
 * The fields of /proc/PID/stat: after the name, which may contain any characters, fields 3 (state), 5 (group), 14 and
 * 15 (time).
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
