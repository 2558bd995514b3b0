/**
 * The target `maelstrom`: nodes in any language that speak Maelstrom's protocol on their standard input and output.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../../../server/mod.ts";
import { SEVERITY } from "../../nemesis/kind.ts";
import type { MakeWorkload, Target } from "../../run/target.ts";
import { openCluster } from "./cluster.ts";
import { SERVICE_NAMES } from "./services/services.ts";
import { MAELSTROM_FLAGS, type MaelstromSetup, maelstromSetup, parseMaelstromSetup } from "./setup.ts";
import { respell } from "./spelling.ts";
import { MAELSTROM_WORKLOADS } from "./workloads/workloads.ts";

const makers: Record<string, MakeWorkload<MaelstromSetup>> = {};
for (const [name, { make }] of Object.entries(MAELSTROM_WORKLOADS)) makers[name] = make;

/** Real processes, in real time or in lockstep with the run's virtual clock. */
export const maelstrom: Target<MaelstromSetup> = {
  name: "maelstrom",
  about: "nodes in any language that speak Maelstrom's protocol",
  flags: MAELSTROM_FLAGS,
  usualNemesis: "none",
  respell,
  spawns: true,
  takesWords: true,
  workloads: makers,
  faults: ["partition", "packets", "kill", "pause"],
  setup: maelstromSetup,
  parseSetup: parseMaelstromSetup,
  time: ({ clock }) => clock === "lockstep" ? "virtual" : "real",
  limits: ({ requestTimeout }) => ({
    requestTimeout: requestTimeout * SECOND,
    tickLength: 25 * MILLISECOND,
    livenessTicks: 600,
    // An outside observer cannot tell who leads, and in some systems only one node serves.
    serves: "one",
  }),
  severity: () => ({ ...SEVERITY, sparesClients: true, services: SERVICE_NAMES.length }),
  open: openCluster,
};
