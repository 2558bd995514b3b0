/**
 * A data folder belongs to one process: the lock that says so.
 *
 * A lock is a file `lock.N` that tells who holds the folder; of several, the one with the highest number counts. To
 * take a folder over from a dead process is to make the next number, and of two starters only one can: the file appears
 * under its name with its whole content, by `link`, which fails where there is such a name. The highest is never
 * removed, and whoever has made a file and then finds a higher one begins anew: so a starter that was slow cannot bring
 * back a number that has been and gone.
 *
 * Who is alive? On Deno a holder also has an advisory lock (flock) on its file, which ends with the process, and which
 * another Deno can test with no permission but to the folder. Elsewhere signal 0 to the process id tells; and since ids
 * are used again, the time at which the process began, where there is a /proc to tell it. A folder that is shared by
 * machines, or by containers with process ids of their own, is not protected.
 *
 * @module
 */
import { linkSync, readdirSync, readFileSync, realpathSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Cannot open a folder, because a process has it open. */
export class FolderInUseError extends Error {
  /** The name of the class. */
  override name = "FolderInUseError";
  /** The process that has it open, as far as can be known. */
  readonly pid: number;

  /**
   * Names the folder and the process, and says what can be done where it cannot be known whether that process lives.
   */
  constructor(folder: string, pid: number, advice: string) {
    super(`Cannot open ${folder}: process ${pid} has it open${advice}`);
    this.pid = pid;
  }
}

/** A folder that this process holds. */
export interface FolderLock {
  /** Lets the folder go. */
  release(): void;
}

/** What a lock file tells, as JSON. */
interface Holder {
  /** The process; 0 for a folder that was let go. */
  readonly pid: number;
  /** When the process began, in a form that only compares; absent where it cannot be known. */
  readonly began?: string | undefined;
  /** Whether the process has an advisory lock on the file. */
  readonly isAdvisory: boolean;
}

/** What Deno has beside `node:fs`, as far as it is needed here. */
interface DenoFiles {
  openSync(path: string, options: { read: boolean; write: boolean }): DenoFile;
  readonly permissions: { querySync(descriptor: { name: "run" }): { state: string } };
}

interface DenoFile {
  tryLockSync(exclusive: boolean): boolean;
  close(): void;
}

const deno = (globalThis as { Deno?: DenoFiles }).Deno;
const LOCK_NAME = /^lock\.(\d{1,15})$/;
const DRAFT_NAME = /^lock\.draft\./;
const RELEASED: Holder = { pid: 0, isAdvisory: false };
/** A starter that loses this many races in a row gives up. */
const ATTEMPTS_MAX = 100;

/** What this process holds: its own id in a lock file may also be that of a process long dead. */
const held = new Set<string>();

/**
 * Takes a folder for this process.
 *
 * @throws {FolderInUseError} If a living process holds it, this one included; or if on Deno it cannot be known whether
 * a process of another runtime lives.
 */
export function lockFolder(folder: string): FolderLock {
  const real = realpathSync(folder);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const lock = tryLock(real);
    if (lock !== null) return lock;
  }
  throw new Error(`Cannot open ${folder}: its lock changes hands all the time`);
}

/** One try; `null` if another starter was faster. */
function tryLock(folder: string): FolderLock | null {
  const highest = Math.max(0, ...lockNumbers(folder));
  if (highest > 0 && !isFree(folder, highest)) return null;
  const number = highest + 1;
  const path = lockPath(folder, number);
  const draft = join(folder, `lock.draft.${process.pid}.${number}`);
  writeFileSync(draft, JSON.stringify(ownHolder()));
  // A faster starter may have tidied the draft away.
  let advisory: DenoFile | undefined;
  if (!isDone(() => advisory = deno?.openSync(draft, { read: true, write: true }))) return null;
  advisory?.tryLockSync(true);
  const isMade = isDone(() => linkSync(draft, path));
  isDone(() => unlinkSync(draft));
  const isLate = isMade && lockNumbers(folder).some((other) => other > number);
  if (isLate) isDone(() => unlinkSync(path));
  if (!isMade || isLate) {
    advisory?.close();
    return null;
  }
  held.add(path);
  tidy(folder, number);
  return {
    release() {
      if (!held.delete(path)) return;
      try {
        // Replaced and not removed: the highest number must stay.
        writeFileSync(draft, JSON.stringify(RELEASED));
        renameSync(draft, path);
      } catch {
        // A full disk, say: then the end of the process tells that the folder is free.
      }
      advisory?.close();
    },
  };
}

/** Removes what earlier holders left. A draft of another starter may be among it: that one has lost anyway. */
function tidy(folder: string, number: number): void {
  for (const lower of lockNumbers(folder)) if (lower < number) isDone(() => unlinkSync(lockPath(folder, lower)));
  for (const name of readdirSync(folder)) if (DRAFT_NAME.test(name)) isDone(() => unlinkSync(join(folder, name)));
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`);
}

function lockNumbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const match = LOCK_NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

/** Whether an action on names took effect; not if another starter was faster. */
function isDone(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  }
}

/**
 * Whether the folder with this highest lock is anybody's to take; not if the lock has gone meanwhile.
 *
 * @throws {FolderInUseError} If it is held.
 */
function isFree(folder: string, number: number): boolean {
  const path = lockPath(folder, number);
  let holder = RELEASED;
  if (!isDone(() => holder = readHolder(path))) return false;
  if (holder.pid === 0) return true;
  let isAlive: boolean | null = false;
  if (!isDone(() => isAlive = isHolderAlive(holder, path))) return false;
  if (isAlive === null) {
    const advice =
      `, or had it and died: this process may not look for it; remove ${path} if there is no process ${holder.pid}`;
    throw new FolderInUseError(folder, holder.pid, advice);
  }
  if (isAlive) throw new FolderInUseError(folder, holder.pid, "");
  return true;
}

/** A file without sense has no holder: lock files appear whole, but a crash of the machine may take the content. */
function readHolder(path: string): Holder {
  try {
    const { pid, began, isAdvisory } = Object(JSON.parse(readFileSync(path, "utf8"))) as Partial<Holder>;
    if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return RELEASED;
    return { pid, began, isAdvisory: isAdvisory === true };
  } catch (error) {
    if (error instanceof SyntaxError) return RELEASED;
    throw error;
  }
}

/** Whether the process that wrote a lock file lives; `null` if that cannot be known. */
function isHolderAlive(holder: Holder, path: string): boolean | null {
  if (deno !== undefined && holder.isAdvisory) return !canLock(path, deno);
  if (holder.pid === process.pid && holder.began === undefined) return held.has(path);
  if (deno !== undefined && deno.permissions.querySync({ name: "run" }).state !== "granted") return null;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: there is one, and it is another user's.
    return (error as { code?: string }).code === "EPERM";
  }
  if (isZombie(holder.pid)) return false;
  const began = beginOf(holder.pid);
  return began === undefined || holder.began === undefined || began === holder.began;
}

/**
 * Whether nobody has an advisory lock on a file; a shared one is tried, so that two who ask do not disturb each other.
 */
function canLock(path: string, { openSync }: DenoFiles): boolean {
  const file = openSync(path, { read: true, write: true });
  try {
    return file.tryLockSync(false);
  } finally {
    file.close();
  }
}

function ownHolder(): Holder {
  return { pid: process.pid, began: beginOf(process.pid), isAdvisory: deno !== undefined };
}

/** Whether a process has ended and only waits for its parent to notice, which in a container may be never. */
function isZombie(pid: number): boolean {
  if (deno !== undefined) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/**
 * The boot and the time since it at which a process began (proc(5): field 22 of stat). Deno would ask for all
 * permissions.
 */
function beginOf(pid: number): string | undefined {
  if (deno !== undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses that may hold spaces and parentheses itself.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return ticks && `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticks}`;
  } catch {
    return undefined;
  }
}
