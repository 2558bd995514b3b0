/**
 * The processes of a node: the one that the harness has started, and all that descend from it.
 *
 * A signal to a process group misses children that have made a session of their own, as PostgreSQL's do, and those
 * whose parents have ended, as daemons' do. On Linux the former are found through their parents, the latter by a mark
 * in their environment, which they inherit. On other systems a node is its process group.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { namesIn, relationsOf, textOf } from "./proc.ts";

/** The variable that marks a node's processes. */
export const MARK = "KAYA_NODE_MARK";

/** The folder of the kernel's tables. */
const PROC = "/proc";
/** How often a family is searched for processes that were born meanwhile. */
const SEARCHES_MAX = 8;

/** A node's processes. */
interface Family {
  /** The process that the harness has started; it leads its own group and session. */
  readonly root: number;
  /** The value of `MARK` in their environment; empty if they have none. */
  readonly mark: string;
}

/** All processes of a family that exist. */
function membersOf({ root, mark }: Family): number[] {
  const pids = namesIn(PROC).filter((name) => /^\d+$/.test(name)).map(Number);
  const relations = new Map(pids.map((pid) => [pid, relationsOf(pid)]));
  const began = relations.get(root)?.began ?? 0;
  const isOne = new Map<number, boolean>();
  const belongs = (pid: number): boolean => {
    const known = isOne.get(pid);
    if (known !== undefined) return known;
    const its = relations.get(pid);
    if (pid <= 1 || its === undefined || its === null) return false;
    isOne.set(pid, false);
    const isNear = pid === root || its.group === root || its.session === root || belongs(its.parent);
    // Reading an environment is slow, and processes that are older than the root cannot descend from it.
    const is = isNear || (its.began >= began && isMarked(pid, mark));
    isOne.set(pid, is);
    return is;
  };
  return pids.filter(belongs);
}

function isMarked(pid: number, mark: string): boolean {
  return mark !== "" && markOf(pid) === mark;
}

/** The mark in the environment of a process; empty if it has none. */
export function markOf(pid: number, proc: string = PROC): string {
  const start = `${MARK}=`;
  const found = textOf(join(proc, `${pid}`, "environ")).split("\0").find((each) => each.startsWith(start));
  return found?.slice(start.length) ?? "";
}

/** Stops a family. */
export function stopFamily(family: Family): void {
  reach(family, "SIGSTOP");
}

/** Lets a family continue. */
export function continueFamily(family: Family): void {
  reach(family, "SIGCONT");
}

/** Kills a family. It is stopped first, so none of its processes can start another one meanwhile. */
export function killFamily(family: Family): void {
  const members = reach(family, "SIGSTOP");
  signalGroup(family.root, "SIGKILL");
  for (const pid of members) signal(pid, "SIGKILL");
}

/** Signals the whole family, also processes that are born meanwhile. Returns its members, where they can be found. */
function reach(family: Family, name: string): ReadonlySet<number> {
  const reached = new Set<number>();
  signalGroup(family.root, name);
  if (process.platform !== "linux") return reached;
  for (let search = 0; search < SEARCHES_MAX; search++) {
    const fresh = membersOf(family).filter((pid) => !reached.has(pid));
    for (const pid of fresh) {
      reached.add(pid);
      signal(pid, name);
    }
    // The group was reached before the search, so only processes outside it can have started others meanwhile.
    if (fresh.every((pid) => relationsOf(pid)?.group === family.root)) break;
  }
  return reached;
}

/** Signals a process group, and thus its leader. (`child.kill` stops working on Deno after a SIGSTOP.) */
export function signalGroup(pid: number, name: string): void {
  if (process.platform !== "win32") signal(-pid, name);
  else if (name === "SIGKILL" || name === "SIGTERM") signal(pid, name);
}

function signal(pid: number, name: string): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
