/**
 * The target `sim`: our server in one thread, on a virtual clock, network and disks.
 *
 * @module
 */
import { SECOND } from "../../../server/mod.ts";
import { FAULT_KINDS } from "../../nemesis/faults.ts";
import type { Cluster, Opening, Target } from "../../run/target.ts";
import { SimCluster } from "../../sim/cluster.ts";
import { Coverage } from "../../sim/coverage.ts";
import { EventQueue } from "../../sim/event_queue.ts";
import type { HostSettings } from "../../sim/host.ts";
import { Invariants } from "../../sim/invariants/invariants.ts";
import type { ElectionSettings } from "../../sim/invariants/world.ts";
import type { App } from "./app.ts";
import { CANARIES } from "./canaries.ts";
import { createClient, SESSION_TIMEOUT } from "./client.ts";
import { floodWrite } from "./flooding.ts";
import { drawableFaults, OURS_FLAGS, type OursSetup, parseOurs, setupOurs, severityFor } from "./setup.ts";
import { STORE_APP } from "./store_app.ts";
import { createReference } from "./store_reference.ts";

/** How long a client waits for an answer. */
const REQUEST_TIMEOUT = SECOND;
/** How many ticks a healed majority may take to serve again: twenty times the longest election timeout. */
const LIVENESS_TICKS = 400;

/** Our server in the simulator, with a given state machine. */
export function simOf(app: App): Target<OursSetup> {
  return {
    name: "sim",
    about: "this project's server in the simulator, where the same seed gives the same run",
    flags: OURS_FLAGS,
    workloads: app.workloads,
    faults: FAULT_KINDS,
    setup: setupOurs,
    parseSetup: parseOurs,
    time: () => "virtual",
    limits: ({ cluster, clientsHaveSessions }) => ({
      requestTimeout: clientsHaveSessions ? SESSION_TIMEOUT : REQUEST_TIMEOUT,
      tickLength: cluster.tickLength,
      livenessTicks: LIVENESS_TICKS,
      serves: "majority",
      hearsOthers: cluster.checkQuorum && cluster.preVote,
    }),
    severity: ({ reads }) => severityFor(reads),
    draws: ({ reads, cluster }) => drawableFaults(reads, cluster.checkQuorum, FAULT_KINDS),
    tells: ({ reads }) => ({ reads }),
    ...(app === STORE_APP ? { canaries: CANARIES } : {}),
    open: (setup, opening) => open(app, setup, opening),
  };
}

/** Our server in the simulator, with its store. */
export const sim: Target<OursSetup> = simOf(STORE_APP);

function open(app: App, setup: OursSetup, { clock, seed, nodes, record }: Opening): Cluster {
  if (!(clock instanceof EventQueue)) throw new TypeError("The simulator needs virtual time");
  const { tickLength, alignedTicks, batchTime, settings, raft } = partsOf(app, setup);
  const coverage = new Coverage();
  const { maxSessions } = settings;
  const reference = app === STORE_APP ? createReference() : null;
  const invariants = new Invariants(() => clock.now(), coverage, { ...raft, maxSessions }, reference);
  const inner = new SimCluster({
    queue: clock,
    seed,
    nodes,
    ...{ tickLength, alignedTicks, batchTime, settings },
    invariants,
    bulk: app === STORE_APP ? floodWrite : null,
    ...(record === null ? {} : { trace: record }),
  });
  const invoke = createClient({
    clock,
    servers: inner,
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
    isBroken: () => invariants.isBroken,
    checks() {
      compareStates(inner, invariants);
      return { safety: invariants.verdict() };
    },
    counts: () => coverage.counts(),
    stop: (done) => inner.stop(done),
  };
}

/** Splits a setup into the parts of the simulator, the hosts and the core. */
function partsOf(app: App, { reads, cluster }: OursSetup): {
  readonly tickLength: number;
  readonly alignedTicks: boolean;
  readonly batchTime: number;
  readonly settings: HostSettings;
  readonly raft: ElectionSettings;
} {
  const { tickLength, alignedTicks, batchTime, segmentBytes, cutAppends, compactionBytes, ...more } = cluster;
  const {
    snapshotStepBytes,
    caughtUpEntries,
    maxUnflushedBytes,
    noticesLoss,
    losesTimeoutNow,
    repeatsAcrossStarts,
    ...others
  } = more;
  const { forwardTimeoutTicks, maxSessions, maxCommandBytes, maxWaiting, retryTicks, frontTimeoutTicks, ...raft } =
    others;
  const settings = {
    ...{ reads, raft, segmentBytes, cutAppends, compactionBytes, forwardTimeoutTicks, maxSessions },
    bounds: { maxInflightAppends: raft.maxInflightAppends, maxPendingReads: raft.maxPendingReads },
    machine: () => app.machine({ snapshotStepBytes }),
    ...{
      maxCommandBytes,
      maxWaiting,
      retryTicks,
      frontTimeoutTicks,
      caughtUpEntries,
      maxUnflushedBytes,
      noticesLoss,
      losesTimeoutNow,
      repeatsAcrossStarts,
    },
  };
  return { tickLength, alignedTicks, batchTime, settings, raft };
}

/** Replicas that have applied the same prefix of the log must hold the same state. */
function compareStates(cluster: SimCluster, invariants: Invariants): void {
  const states = new Map<number, { id: number; state: Uint8Array }>();
  for (const { id, replica } of cluster.members.values()) {
    if (replica === null) continue;
    const { appliedIndex } = replica.node;
    const state = replica.machine.snapshot();
    const other = states.get(appliedIndex);
    if (other === undefined) states.set(appliedIndex, { id, state });
    else if (other.state.length !== state.length || other.state.some((byte, i) => byte !== state[i])) {
      invariants.broken(
        `state machine safety: nodes ${other.id} and ${id} have applied up to ${appliedIndex}, ` +
          "and hold different states",
      );
    }
  }
}
