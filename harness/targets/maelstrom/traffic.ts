/**
 * What is counted of a run's messages, and asked of its operations as a whole.
 *
 * @module
 */
import { checkAvailability, type HistoryEvent, type Verdict } from "../../../checker/mod.ts";
import { countOperations } from "../../run/recorder.ts";
import type { MaelstromSetup } from "./setup.ts";

/** The messages of a run. */
export interface Traffic {
  /** Between nodes, and between nodes and services. */
  servers: number;
  /** From clients, and to them. */
  clients: number;
  /** The nodes that have answered a client. */
  readonly answered: Set<number>;
}

/** How many messages there were. */
interface NetworkVerdict extends Verdict {
  /** Messages between nodes, and between nodes and services. */
  readonly serverMessages: number;
  /** Messages from clients, and to them. */
  readonly clientMessages: number;
  /** Messages between servers for each operation of a client. */
  readonly messagesPerOperation: number;
  /** The same for people. */
  readonly notes: readonly string[];
}

/**
 * The checks of a run as a whole: its messages, which are only counted, and its availability, where that was asked for.
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
