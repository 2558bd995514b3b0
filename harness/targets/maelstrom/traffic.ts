/**
 * Counts a run's messages, and checks its availability.
 *
 * @module
 */
import { checkAvailability, type HistoryEvent, type Verdict } from "../../../checker/mod.ts";
import { countOperations } from "../../run/recorder.ts";
import type { MaelstromSetup } from "./setup.ts";

/** The messages of a run. */
export interface Traffic {
  /** Messages between nodes, and between nodes and services. */
  servers: number;
  /** Messages from and to clients. */
  clients: number;
  /** The nodes that have answered a client. */
  readonly answered: Set<number>;
}

/** How many messages there were. */
interface NetworkVerdict extends Verdict {
  /** Messages between nodes, and between nodes and services. */
  readonly serverMessages: number;
  /** Messages from and to clients. */
  readonly clientMessages: number;
  /** Messages between servers for each client operation. */
  readonly messagesPerOperation: number;
  /** The same as text for people. */
  readonly notes: readonly string[];
}

/**
 * The checks of a run as a whole: its messages, which are only counted, and its availability, if there is such a goal.
 */
export function checksOf(
  events: readonly HistoryEvent[],
  traffic: Traffic,
  { availability }: MaelstromSetup,
): Record<string, Verdict> {
  return {
    network: networkVerdict(events, traffic),
    ...(availability === null ? {} : { availability: checkAvailability(events, availability) }),
  };
}

function networkVerdict(events: readonly HistoryEvent[], { servers, clients }: Traffic): NetworkVerdict {
  const { ok, fail, info } = countOperations(events);
  const operations = ok + fail + info;
  const messagesPerOperation = operations === 0 ? 0 : Math.round(100 * servers / operations) / 100;
  return {
    valid: true,
    serverMessages: servers,
    clientMessages: clients,
    messagesPerOperation,
    notes: [`${servers} messages between servers, ${messagesPerOperation} for each operation`],
  };
}
