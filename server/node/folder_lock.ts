/**
 * The lock on a data folder, which makes sure that only one process uses it.
 *
 * A lock is a file `lock.N` that names the holder of the folder; the file with the highest number counts. To take the
 * folder over from a dead process, a starter makes the file with the next number. Of two starters only one succeeds:
 * `link` makes the file appear with its complete content, and fails if the name exists. The highest file is never
 * removed, and a starter that has made a file and then finds a higher one starts again. So a slow starter cannot make a
 * number that was used and removed before.
 *
 * Is the holder alive? On Deno a holder also has an advisory lock (flock) on its file. It ends with the process, and
 * another Deno can test it with no permission except for the folder. On other runtimes, signal 0 to the process id
 * tells. Because ids are reused, the time at which the process began is compared too, where /proc tells it. The lock
 * does not protect a folder that is shared by several machines, or by containers with process ids of their own.
 *
 * @module
 */
import { linkSync, readdirSync, readFileSync, realpathSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** A folder cannot be opened because a process has it open. */
export class FolderInUseError extends Error {
  /** The name of the class. */
  override name = "FolderInUseError";
  /** The process that has it open, as far as it is known. */
  readonly pid: number;

  /** Names the folder and the process, and advises what to do if it is unknown whether that process lives. */
  constructor(folder: string, pid: number, advice: string) {
    super(`Cannot open ${folder}: process ${pid} has it open${advice}`);
    this.pid = pid;
  }
}

/** The lock on a folder that this process holds. */
export interface FolderLock {
  /** Releases the folder. */
  release(): void;
}

/** The content of a lock file, as JSON. */
interface Holder {
  /** The process; 0 for a folder that was released. */
  readonly pid: number;
  /** When the process began, in a form that can only be compared; absent if it is unknown. */
  readonly began?: string | undefined;
  /** Whether the process has an advisory lock on the file. */
  readonly isAdvisory: boolean;
}

/** The part of Deno's API, besides `node:fs`, that is needed here. */
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
/** How many races in a row a starter may lose before it gives up. */
const ATTEMPTS_MAX = 100;

/** The folders that this process holds. Its own id in another lock file may belong to a process long dead. */
const held = new Set<string>();

/**
 * Locks a folder for this process.
 *
 * @throws {FolderInUseError} If a living process holds it, this one included; or if it is unknown, on Deno, whether a
 * process of another runtime lives.
 */
export function lockFolder(folder: string): FolderLock {
  const real = realpathSync(folder);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const lock = tryLock(real);
    if (lock !== null) return lock;
  }
  throw new Error(`Cannot open ${folder}: its lock changes hands all the time`);
}

/** Tries once; `null` if another starter was faster. */
function tryLock(folder: string): FolderLock | null {
  const highest = Math.max(0, ...lockNumbers(folder));
  if (highest > 0 && !isFree(folder, highest)) return null;
  const number = highest + 1;
  const path = lockPath(folder, number);
  const draft = join(folder, `lock.draft.${process.pid}.${number}`);
  writeFileSync(draft, JSON.stringify(ownHolder()));
  // A faster starter may have removed the draft.
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
        // The file is replaced, not removed: the highest number must stay.
        writeFileSync(draft, JSON.stringify(RELEASED));
        renameSync(draft, path);
      } catch {
        // The disk may be full, for example. Then the end of the process shows that the folder is free.
      }
      advisory?.close();
    },
  };
}

/**
 * Removes files of earlier holders. The draft of another starter may be among them, but that starter has lost anyway.
 */
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

/** Whether an action on file names took effect; it does not if another starter was faster. */
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
 * Whether the folder with this highest lock may be taken; no if the lock has disappeared meanwhile.
 *
 * @throws {FolderInUseError} If a process holds it.
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

/**
 * A file with invalid content has no holder: lock files appear complete, but a crash of the machine may destroy the
 * content.
 */
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

/** Whether the process that wrote a lock file lives; `null` if that is unknown. */
function isHolderAlive(holder: Holder, path: string): boolean | null {
  if (deno !== undefined && holder.isAdvisory) return !canLock(path, deno);
  if (holder.pid === process.pid && holder.began === undefined) return held.has(path);
  if (deno !== undefined && deno.permissions.querySync({ name: "run" }).state !== "granted") return null;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: the process exists, and belongs to another user.
    return (error as { code?: string }).code === "EPERM";
  }
  if (isZombie(holder.pid)) return false;
  const began = beginOf(holder.pid);
  return began === undefined || holder.began === undefined || began === holder.began;
}

/**
 * Whether nobody has an advisory lock on a file. The test takes a shared lock, so two processes that test do not
 * disturb each other.
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

/** Whether a process has ended but its parent has not noticed, which in a container may never happen. */
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
 * The boot id, and the time after the boot at which a process began (proc(5): field 22 of stat). Not on Deno, which
 * would require all permissions for it.
 */
function beginOf(pid: number): string | undefined {
  if (deno !== undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses, which may itself contain spaces and parentheses.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return ticks && `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticks}`;
  } catch {
    return undefined;
  }
}
