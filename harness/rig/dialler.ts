/**
 * Who has made a connection, by the tables of the Linux kernel: `/proc/net/tcp` and `tcp6` tell a connection's
 * socket, and `/proc/PID/fd` the process that holds it.
 *
 *     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *     0:  0100007F:1F90 0100007F:C0DE 01 ...                                                   48213
 *
 * Addresses are hexadecimal, the port follows the colon.
 *
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** A connection as the proxy that has accepted it sees it. */
interface Accepted {
  /** The proxy's port. */
  readonly localPort: number;
  /** The dialling side's port. */
  readonly remotePort: number;
}

/** The columns of a line of the kernel's table. */
const LOCAL = 1;
const REMOTE = 2;
const INODE = 9;
/** The fields of `/proc/PID/stat` behind the program's name, which may hold anything: state, parent, group, session. */
const PARENT = 1;
const SESSION = 3;

/**
 * The process that has made a connection, out of `roots` and all that they have started; `null` if it is none of them.
 *
 * @param roots The processes of the nodes. Each leads a session of its own, in which its children are, unless they have
 * left it; those are found by their parents.
 * @param proc Where the kernel shows its tables.
 * @returns One of `roots`.
 */
export function diallerOf(accepted: Accepted, roots: ReadonlySet<number>, proc: string = "/proc"): number | null {
  const inode = inodeOf(accepted, proc);
  if (inode === null) return null;
  const family = new Family(roots, proc);
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const root = family.rootOf(pid);
    if (root !== null && holdsSocket(pid, inode, proc)) return root;
  }
  return null;
}

/** The dialling side's socket: its own port is the remote one of the proxy, and the reverse. */
function inodeOf({ localPort, remotePort }: Accepted, proc: string): string | null {
  for (const table of ["tcp", "tcp6"]) {
    for (const line of read(join(proc, "net", table)).split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      if (portOf(columns[LOCAL]) === remotePort && portOf(columns[REMOTE]) === localPort) {
        const inode = columns[INODE];
        // A socket that is closed already belongs to nobody.
        if (inode !== undefined && inode !== "0") return inode;
      }
    }
  }
  return null;
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(":").at(-1) ?? "", 16);
}

function holdsSocket(pid: number, inode: string, proc: string): boolean {
  const folder = join(proc, `${pid}`, "fd");
  return names(folder).some((name) => target(join(folder, name)) === `socket:[${inode}]`);
}

/** Processes and what has started them. */
class Family {
  readonly #roots: ReadonlySet<number>;
  readonly #proc: string;

  constructor(roots: ReadonlySet<number>, proc: string) {
    this.#roots = roots;
    this.#proc = proc;
  }

  /** The root that a process is, or descends from. */
  rootOf(pid: number): number | null {
    for (let at = pid, steps = 0; at > 1 && steps < 64; steps++) {
      if (this.#roots.has(at)) return at;
      const stat = read(join(this.#proc, `${at}`, "stat"));
      const fields = stat.slice(stat.lastIndexOf(")") + 1).trim().split(/\s+/);
      const session = Number(fields[SESSION]);
      if (this.#roots.has(session)) return session;
      at = Number(fields[PARENT]);
    }
    return null;
  }
}

/** A file's text; nothing where it is not there any more. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function target(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
