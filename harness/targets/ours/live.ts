/**
 * The target `live`: our server as processes on this machine, in real time.
 *
 * The seed decides the operations, the faults and their times, but not how the processes interleave: a second run
 * differs.
 *
 * @module
 */
import { SECOND } from "../../../server/mod.ts";
import type { FaultKind } from "../../nemesis/faults.ts";
import type { Cluster, Opening, Target } from "../../run/target.ts";
import type { App } from "./app.ts";
import { createClient, SESSION_TIMEOUT } from "./client.ts";
import { LIVE_TICK, LiveCluster } from "./live_cluster.ts";
import { drawableFaults, OURS_FLAGS, type OursSetup, parseOurs, setupOurs, severityFor } from "./setup.ts";
import { STORE_APP } from "./store_app.ts";

/** The faults of real processes; their clocks and disks are not touched. */
const FAULTS: readonly FaultKind[] = ["partition", "kill", "pause", "packets", "member", "compact"];
/** How long a client waits for an answer. */
const REQUEST_TIMEOUT = 2 * SECOND;
/**
 * How many ticks of 25 ms a healed majority may take to serve again: 15 s, because processes must start and connect.
 */
const LIVENESS_TICKS = 600;
/** The log is compacted at the latest after this many bytes, whatever the seed chooses. */
const COMPACTION_BYTES_MAX = 64 << 20;

/** Our server as processes, with a given state machine. */
export function liveOf(app: App): Target<OursSetup> {
  return {
    name: "live",
    about: "this project's server as processes on this machine; the seed determines operations and faults only",
    flags: OURS_FLAGS,
    workloads: app.workloads,
    faults: FAULTS,
    setup: setupOurs,
    parseSetup: parseOurs,
    time: () => "real",
    limits: ({ clientsHaveSessions }) => ({
      requestTimeout: clientsHaveSessions ? SESSION_TIMEOUT : REQUEST_TIMEOUT,
      tickLength: LIVE_TICK,
      livenessTicks: LIVENESS_TICKS,
      serves: "majority",
    }),
    // Clients dial the nodes themselves, past the links that can be cut.
    severity: ({ reads }) => ({ ...severityFor(reads), sparesClients: true }),
    draws: ({ reads, cluster }) => drawableFaults(reads, cluster.checkQuorum, FAULTS),
    tells: ({ reads }) => ({ reads }),
    open: (setup, opening) => open(app, setup, opening),
  };
}

/** Our server as processes, with its store. */
export const live: Target<OursSetup> = liveOf(STORE_APP);

function open(app: App, setup: OursSetup, opening: Opening): Cluster {
  const { clock, seed } = opening;
  const compactionBytes = Math.min(setup.cluster.compactionBytes, COMPACTION_BYTES_MAX);
  const inner = new LiveCluster({ ...opening, reads: setup.reads, app: setup.app, compactionBytes });
  const invoke = createClient({
    clock,
    servers: inner.servers,
    app,
    setup,
    seed,
  });
  return {
    suffers: inner.suffers,
    start: (done) => inner.start(done),
    nodes: () => inner.nodes(),
    invoke,
    look: (done) => inner.look(done),
    restore: (ids, done) => inner.restore(ids, done),
    checks: () => ({ processes: inner.processes() }),
    counts: () => ({ starts: inner.starts }),
    stop: (done) => inner.stop(done),
  };
}
