/**
 * Reports the lives of nodes, and who leads, for targets that do not report what happens inside: by looking at the
 * cluster at intervals, and after each fault.
 *
 * @module
 */
import { type Clock, MILLISECOND, type Timer } from "../../server/mod.ts";
import type { Fault, Suffering, Suffers } from "../nemesis/faults.ts";
import type { NodeView, View } from "../nemesis/kind.ts";
import type { Moment, NodeChange } from "../moment.ts";
import type { Cluster } from "./target.ts";

/** The time between two looks, in nanoseconds. */
const LOOK_EVERY = 250 * MILLISECOND;

/** Hears a moment. */
type Record = (moment: Moment) => void;

/**
 * A cluster whose nodes' lives and leaders are reported, unless it reports changes itself. That is known only at the
 * end, so they are reported then.
 */
export function reportingViews(clock: Clock, record: Record, open: (record: Record) => Cluster): Cluster {
  let tellsItself = false;
  const seen: Moment[] = [];
  const cluster = open((moment) => {
    if (moment.change !== undefined) tellsItself = true;
    record(moment);
  });
  const known = new Map<number, NodeChange>();
  const look = (): void => {
    if (tellsItself) return;
    cluster.look((view) => {
      seen.push(...changesIn(view, known, clock.now()));
    });
  };
  let timer: Timer | null = null;
  const keepLooking = (): void => {
    look();
    if (!tellsItself) timer = clock.after(LOOK_EVERY, keepLooking);
  };
  return {
    suffers: lookedAt(cluster.suffers, look),
    start: (done) =>
      cluster.start((error) => {
        if (error === null) keepLooking();
        done(error);
      }),
    nodes: () => cluster.nodes(),
    invoke: (node, process, operation, reply) => cluster.invoke(node, process, operation, reply),
    look: (done) => cluster.look(done),
    restore: (nodes, done) =>
      cluster.restore(nodes, () => {
        look();
        done();
      }),
    helpsByAsking: () => cluster.helpsByAsking?.() ?? false,
    isBroken: () => cluster.isBroken?.() ?? false,
    checks: (events) => cluster.checks(events),
    counts: () => cluster.counts(),
    stop(done) {
      timer?.cancel();
      if (!tellsItself) seen.splice(0).forEach(record);
      cluster.stop(done);
    },
  };
}

/** What is new in a view. Also updates what is known. */
export function changesIn(view: View, known: Map<number, NodeChange>, time: number): Moment[] {
  const moments: Moment[] = [];
  const leads = view.some(({ primaryIn }) => primaryIn !== null) ||
    [...known.values()].some(({ role }) => role === LED);
  for (const node of view) {
    const now = changeOf(node, leads);
    const before = known.get(node.id) ?? {};
    if (now.life === before.life && now.role === before.role && now.term === before.term) continue;
    known.set(node.id, now);
    const text = [now.life, now.role ?? "", (now.term ?? null) === null ? "" : `term ${now.term}`].filter(Boolean).join(
      ", ",
    );
    moments.push({ time, node: node.id, kind: "view", text: `is ${text}`, matters: false, change: now });
  }
  return moments;
}

const LED = "leader";

/** The state of a node. Only the leader's role and term are known, and only where nodes tell that they lead. */
function changeOf({ state, primaryIn }: NodeView, leads: boolean): NodeChange {
  if (!leads) return { life: state };
  const isLeader = primaryIn !== null && state === "running";
  return { life: state, role: isLeader ? LED : "", term: isLeader && primaryIn > 0 ? primaryIn : null };
}

/** The same faults, with a look after each. */
function lookedAt(suffers: Suffers, look: () => void): Suffers {
  const entries = Object.entries(suffers as { [kind: string]: Suffering<Fault> | null | undefined }).map(
    ([kind, suffering]): [string, Suffering<Fault> | null | undefined] => {
      if (suffering === null || suffering === undefined || typeof suffering.inject !== "function") {
        return [kind, suffering];
      }
      const after = <Result>(done: (result: Result) => void) => (result: Result): void => {
        look();
        done(result);
      };
      return [kind, {
        inject: (fault, done) => suffering.inject(fault, after(done)),
        heal: (fault, done) => suffering.heal(fault, after(done)),
      }];
    },
  );
  return Object.fromEntries(entries) as Suffers;
}
