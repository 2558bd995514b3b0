/**
 * Finds the process that has made a connection or sent a datagram, using the Linux kernel's tables. `/proc/net/tcp`,
 * `tcp6`, `udp` and `udp6` give the socket, and `/proc/PID/fd` the process that holds the socket.
 *
 *     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *     0:  0100007F:1F90 0100007F:C0DE 01 ...                                                   48213
 *
 * Addresses are hexadecimal, the port follows the colon.
 *
 * @module
 */
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { markOf } from "./family.ts";
import { namesIn, relationsOf, textOf } from "./proc.ts";

/** A connection or datagram, as the proxy that accepted it sees it. */
export interface Accepted {
  readonly protocol: "tcp" | "udp";
  /** The proxy's port. */
  readonly localPort: number;
  /** The dialling side's port. */
  readonly remotePort: number;
}

/** The columns of a line of the kernel's table. */
const LOCAL = 1;
const REMOTE = 2;
const STATE = 3;
const INODE = 9;
/** The state of a connection that both sides have opened. */
const ESTABLISHED = "01";

/**
 * The process that made a connection, among `roots` and all their descendants; `null` if it is none of them.
 *
 * @param roots The nodes' processes. Each leads its own session, which also contains its children. Children that have
 * left the session are found through their parents, and those whose parents have ended by their mark.
 * @param proc The folder of the kernel's tables.
 * @returns One of `roots`.
 */
export function diallerOf(accepted: Accepted, roots: ReadonlySet<number>, proc: string = "/proc"): number | null {
  const inode = inodeOf(accepted, proc);
  return inode === null ? null : holderOf(new Set([inode]), roots, proc).get(inode) ?? null;
}

/** The root of each socket: which of `roots` holds it, or has a descendant that does. Other sockets are left out. */
export function holderOf(
  inodes: ReadonlySet<string>,
  roots: ReadonlySet<number>,
  proc: string = "/proc",
): Map<string, number> {
  const holders = new Map<string, number>();
  const family = new Family(roots, proc);
  for (const name of readdirSync(proc)) {
    if (holders.size === inodes.size) break;
    const root = /^\d+$/.test(name) ? family.rootOf(Number(name)) : null;
    if (root === null) continue;
    for (const inode of socketsOf(name, proc)) if (inodes.has(inode)) holders.set(inode, root);
  }
  return holders;
}

/** The socket of the dialling side: its local port is the proxy's remote port, and vice versa. */
function inodeOf({ protocol, localPort, remotePort }: Accepted, proc: string): string | null {
  // A socket that sends datagrams to whomever it likes has no remote port.
  const remotes = protocol === "udp" ? [localPort, 0] : [localPort];
  for (const columns of table(protocol, proc)) {
    if (portOf(columns[LOCAL]) === remotePort && remotes.includes(portOf(columns[REMOTE]))) {
      const inode = columns[INODE];
      // A socket that is closed already belongs to no process.
      if (inode !== undefined && inode !== "0") return inode;
    }
  }
  return null;
}

/** The sockets of the dialling sides of all open connections to these ports. */
export function connectionsTo(
  ports: ReadonlySet<number>,
  proc: string = "/proc",
): { readonly inode: string; readonly port: number }[] {
  return table("tcp", proc).flatMap((columns) => {
    const port = portOf(columns[REMOTE]);
    const [state, inode] = [columns[STATE], columns[INODE]];
    return state === ESTABLISHED && ports.has(port) && inode !== undefined && inode !== "0" ? [{ inode, port }] : [];
  });
}

/** The lines of the kernel's tables for IPv4 and IPv6, each in columns. */
function table(protocol: "tcp" | "udp", proc: string): string[][] {
  return [protocol, `${protocol}6`].flatMap((name) =>
    textOf(join(proc, "net", name)).split("\n").slice(1).map((line) => line.trim().split(/\s+/))
  );
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(":").at(-1) ?? "", 16);
}

/** The sockets that a process holds. */
function socketsOf(pid: string, proc: string): string[] {
  const folder = join(proc, pid, "fd");
  return namesIn(folder).flatMap((name) => /^socket:\[(\d+)\]$/.exec(target(join(folder, name)))?.[1] ?? []);
}

/** Processes and their descendants. */
class Family {
  readonly #roots: ReadonlySet<number>;
  readonly #proc: string;
  /** The root of each mark. */
  readonly #marks = new Map<string, number>();
  /** When the first root began, in the kernel's ticks. */
  readonly #began: number;

  constructor(roots: ReadonlySet<number>, proc: string) {
    this.#roots = roots;
    this.#proc = proc;
    for (const root of roots) {
      const mark = markOf(root, proc);
      if (mark !== "") this.#marks.set(mark, root);
    }
    this.#began = Math.min(...[...roots].map((root) => relationsOf(root, proc)?.began ?? 0));
  }

  /** The root that a process is, or descends from. */
  rootOf(pid: number): number | null {
    return this.#ancestorOf(pid) ?? this.#markedAs(pid);
  }

  /** The parents of a daemon have ended, but it has inherited their environment. */
  #markedAs(pid: number): number | null {
    if (this.#marks.size === 0 || (relationsOf(pid, this.#proc)?.began ?? 0) < this.#began) return null;
    return this.#marks.get(markOf(pid, this.#proc)) ?? null;
  }

  #ancestorOf(pid: number): number | null {
    for (let at = pid, steps = 0; at > 1 && steps < 64; steps++) {
      if (this.#roots.has(at)) return at;
      const relations = relationsOf(at, this.#proc);
      if (relations === null) return null;
      if (this.#roots.has(relations.session)) return relations.session;
      at = relations.parent;
    }
    return null;
  }
}

function target(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
