/**
 * The list of Maelstrom's workloads.
 *
 * @module
 */
import { echo } from "./echo.ts";
import { broadcast, gCounter, gSet, pnCounter } from "./eventual.ts";
import { kafka } from "./kafka.ts";
import { linKv } from "./lin_kv.ts";
import type { MaelstromWorkload } from "./speech.ts";
import { txnListAppend, txnRwRegister } from "./transactions.ts";
import { uniqueIds } from "./unique_ids.ts";

/** The workloads by name, the default first. */
export const MAELSTROM_WORKLOADS: Readonly<Record<string, MaelstromWorkload>> = {
  "lin-kv": linKv,
  "txn-list-append": txnListAppend,
  "txn-rw-register": txnRwRegister,
  broadcast,
  "g-set": gSet,
  "g-counter": gCounter,
  "pn-counter": pnCounter,
  "unique-ids": uniqueIds,
  kafka,
  echo,
};
