/**
 * The sources of a run's operations: drawn from a seed, or taken from a recorded schedule.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { SECOND } from "../../server/mod.ts";
import { happens, type Invocation, type Workload } from "../workloads/workload.ts";

/** One operation, with its time, its client and the node to ask. */
export interface ScheduledOperation {
  /** Nanoseconds since the run began. */
  readonly at: number;
  /** The client's number, from 0. */
  readonly client: number;
  /** The node to ask. */
  readonly node: number;
  /** The operation. */
  readonly operation: Invocation;
}

/** A source of operations, in the order of their times. */
export interface OperationSource {
  /** When the next operation is due, in nanoseconds since the run began; `null` after the last. */
  nextAt(): number | null;
  /** Takes the operation that is due, and goes on to the next. `null`: there is no client or node for it now. */
  take(isFree: (client: number) => boolean, nodes: readonly number[]): ScheduledOperation | null;
  /** Notes how an operation ended. */
  ended(planned: ScheduledOperation, type: "ok" | "fail" | "info"): void;
}

/** How operations arrive. */
export interface ArrivalOptions {
  /** Operations a second, of all clients together. */
  readonly rate: number;
  /** How many clients there are. */
  readonly concurrency: number;
  /** Whether they come in waves: a second of three times the rate, then two of nearly none. */
  readonly bursts: boolean;
}

/** One operation in this many goes to a random node instead of its client's usual one. */
const WANDER_SHARE = 1 / 16;

/**
 * Draws operations from a seed: with gaps from 0 to twice the mean, each by a free client. A client stays with its node
 * until an operation there does not succeed.
 */
export function drawnOperations(random: Random, workload: Workload, options: ArrivalOptions): OperationSource {
  const arrivals = random.split("arrivals");
  const contents = random.split("operations");
  const clients = random.split("clients");
  const homes: (number | undefined)[] = [];
  const gap = SECOND / options.rate;
  let at = drawGap(0);
  let turn = 0;

  function drawGap(now: number): number {
    const share = arrivals.next() / 2147483648;
    const isWave = Math.floor(now / SECOND) % 3 === 0;
    return Math.floor(share * gap * (!options.bursts ? 1 : isWave ? 1 / 3 : 20));
  }

  return {
    nextAt: () => at,
    take(isFree, nodes) {
      const now = at;
      at += drawGap(at) + 1;
      let client = turn;
      for (let i = 0; i < options.concurrency && !isFree(client); i++) client = (client + 1) % options.concurrency;
      if (!isFree(client) || nodes.length === 0) return null;
      turn = (client + 1) % options.concurrency;
      let node = homes[client];
      if (node === undefined || !nodes.includes(node)) homes[client] = node = nodes[clients.below(nodes.length)]!;
      if (happens(clients, WANDER_SHARE)) node = nodes[clients.below(nodes.length)]!;
      return { at: now, client, node, operation: workload.next(contents) };
    },
    ended(planned, type) {
      if (type !== "ok") homes[planned.client] = undefined;
    },
  };
}

/** Takes operations from a recorded schedule. Leaves out an operation whose client is busy or whose node is missing. */
export function recordedOperations(schedule: readonly ScheduledOperation[]): OperationSource {
  let next = 0;
  return {
    nextAt: () => schedule[next]?.at ?? null,
    take(isFree, nodes) {
      const planned = schedule[next++]!;
      return isFree(planned.client) && nodes.includes(planned.node) ? planned : null;
    },
    ended() {},
  };
}
