/**
 * Finds connections that nodes have made to each other's own ports, past the links, using the Linux kernel's tables. No
 * fault of links reaches them.
 *
 * @module
 */
import { connectionsTo, holderOf } from "./dialler.ts";

/** A connection of one node to a port of another. */
interface PastLinks {
  readonly from: number;
  readonly to: number;
  readonly port: number;
}

/**
 * The connections past the links.
 *
 * @param ports The node that listens on each port.
 * @param pids The process of each node.
 * @param proc The folder of the kernel's tables.
 */
export function connectionsPastLinks(
  ports: ReadonlyMap<number, number>,
  pids: ReadonlyMap<number, number>,
  proc: string = "/proc",
): PastLinks[] {
  const portOf = new Map(connectionsTo(new Set(ports.keys()), proc).map(({ inode, port }) => [inode, port]));
  if (portOf.size === 0) return [];
  const nodes = new Map([...pids].map(([node, pid]) => [pid, node]));
  // The clients' connections, and those of the proxies, belong to this process.
  return [...holderOf(new Set(portOf.keys()), new Set(nodes.keys()), proc)].flatMap(([inode, root]) => {
    const port = portOf.get(inode)!;
    const [from, to] = [nodes.get(root)!, ports.get(port)!];
    return from === to ? [] : [{ from, to, port }];
  });
}
