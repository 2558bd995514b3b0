/**
 * The target `etcd`: etcd's processes, and clients over its JSON gateway.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../../checker/mod.ts";
import { SECOND } from "../../../server/mod.ts";
import type { Target } from "../../run/target.ts";
import { WORKLOADS } from "../../workloads/workloads.ts";
import { defineProcesses } from "../processes/define.ts";
import type { ProcessLook, ProcessNode, Sighting } from "../processes/process_target.ts";
import { EtcdClient } from "./client.ts";
import { memberChanges, membersOf, peerUrl, statusOf } from "./members.ts";

/** The possible numbers of nodes. */
const PLACES = Array.from({ length: 99 }, (_, i) => i + 1);

/** etcd. */
export const etcd: Target = defineProcesses({
  name: "etcd",
  about: "etcd, as processes on this machine, over its JSON gateway",
  workloads: {
    register: WORKLOADS.register,
    kv: WORKLOADS.kv,
    set: WORKLOADS.set,
    append: WORKLOADS.append,
  },
  flags: {
    bin: { type: "string", value: "PATH", default: "etcd", about: "etcd's program" },
    reads: {
      type: "string",
      oneOf: ["linearizable", "serializable"],
      default: "linearizable",
      about: "how clients read; serializable is deliberately wrong, and the check finds it",
    },
  },
  limits: { requestTimeout: 4 * SECOND, livenessTicks: 400 },
  ports: ["client", "peer"],
  command: ({ id, ids, folder, flags, joining, ...node }) => ({
    argv: [
      ...[String(flags["bin"]), "--name", `n${id}`, "--data-dir", `${folder}/data`],
      ...["--listen-client-urls", `http://127.0.0.1:${node.port("client")}`],
      ...["--advertise-client-urls", `http://127.0.0.1:${node.port("client")}`],
      ...["--listen-peer-urls", `http://127.0.0.1:${node.port("peer")}`],
      ...["--initial-advertise-peer-urls", `http://${node.announced("peer")}`],
      ...[
        "--initial-cluster",
        joining as string | null ?? ids.map((each) => `n${each}=http://${node.announced("peer", each)}`).join(","),
      ],
      ...["--initial-cluster-state", joining === null ? "new" : "existing"],
      ...["--heartbeat-interval", "50", "--election-timeout", "500", "--log-level", "error"],
    ],
  }),
  client: (node) => new EtcdClient(node.port("client"), node.flags["reads"] === "serializable"),
  look,
  faults: ["member"],
  suffers: (rig) => ({ member: memberChanges(rig) }),
  checks,
});

async function look(node: ProcessNode): Promise<ProcessLook> {
  const { leader, header, raftTerm, raftIndex } = await statusOf(node);
  const says = `term ${raftTerm}, applied up to ${raftIndex}`;
  // A learner does not report the members.
  const members = await membersOf(node, PLACES.filter((id) => hasPlace(node, id))).catch(() => null);
  const primaryIn = leader === header.member_id ? Number(raftTerm) : null;
  return members === null ? { primaryIn, says } : { primaryIn, says, members };
}

function hasPlace(node: ProcessNode, id: number): boolean {
  try {
    return peerUrl(node, id) !== "";
  } catch {
    return false;
  }
}

/** Checks that partitions had an effect: the leader changed, and operations failed during a cut. */
function checks(events: readonly HistoryEvent[], sightings: readonly Sighting[]): Readonly<Record<string, Verdict>> {
  const wasCut = events.some(({ process, f, value }) =>
    process === "nemesis" && f === "partition" && value !== undefined
  );
  if (!wasCut) return {};
  const epochs = new Set(sightings.map(({ epoch }) => epoch).filter((epoch) => epoch !== null));
  const failed = failedUnderCut(events);
  if (epochs.size < 2) return { partitioned: { valid: "unknown", reason: "no partition made the leader change" } };
  if (failed === 0) {
    return { partitioned: { valid: "unknown", reason: "no operation failed while the network was cut" } };
  }
  return { partitioned: { valid: true } };
}

/** How many operations that ended during a partition did not succeed. */
function failedUnderCut(events: readonly HistoryEvent[]): number {
  let cuts = 0, failed = 0;
  for (const { process, type, f, error } of events) {
    if (process === "nemesis") {
      if (f === "partition") cuts++;
      else if (f === "heal partition" || f === "heal majority") cuts--;
    } else if (cuts > 0 && (type === "info" || (type === "fail" && error !== "mismatch"))) failed++;
  }
  return failed;
}
