// A lock with fencing tokens as a replicated state machine. A client that takes the lock gets a token that is higher
// than all earlier ones, so the protected resource can refuse an earlier holder. A client may take the lock even if its
// holder has not released it. Run it with
//   kaya-raft run --app docs/examples/lock.ts --nemesis all
// In a project of your own, import from "@kayadb/raft/harness" and "@kayadb/raft/checker".
import { checkLinearizability, type HistoryEvent, type Model, type Verdict } from "../../checker/mod.ts";
import { type App, defineApp, type Invocation, type Workload } from "../../harness/mod.ts";
import type { StateMachine } from "../../server/mod.ts";

const text = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The highest token that was given out, and 1 if its holder still holds the lock, else 0. */
type Lock = readonly [token: number, isHeld: number];

const NEW: Lock = [0, 0];
const UNKNOWN = "the lock knows take, release and check";

/** `take` makes a new token; `release` needs the latest one; both and `check` answer with the lock as it is then. */
function lock(forgetsTokens: boolean): StateMachine {
  let [token, isHeld] = NEW;
  const check = (): ReturnType<StateMachine["read"]> => ({ type: "ok", value: [token, isHeld] });
  return {
    apply(command) {
      const { f, value } = text(command) as Invocation;
      if (f === "check") return check();
      if (f !== "take" && f !== "release") return { type: "fail", error: UNKNOWN };
      if (f === "release" && (isHeld === 0 || value !== token)) return { type: "fail", error: "fenced off" };
      if (f === "take") token++;
      isHeld = f === "take" ? 1 : 0;
      return check();
    },
    isRead: (command) => (text(command) as Invocation).f === "check",
    read: check,
    // A lock that nobody holds differs from a new one only in its token.
    snapshot: () => bytes(forgetsTokens && isHeld === 0 ? NEW : [token, isHeld]),
    restore: (data) => void ([token, isHeld] = text(data) as Lock),
  };
}

/** The lock's model, for the judge. It sees refused releases too: the lock was free, or had been taken again. */
const model: Model<Lock> = {
  name: "lock with fencing tokens",
  initial: NEW,
  failures: true,
  step(lock, { f, argument, result, type, error }) {
    const [token, isHeld] = lock;
    const mayRelease = isHeld === 1 && argument === token;
    if (type === "fail") return error === "fenced off" && mayRelease ? [] : [lock];
    if (f === "release" && !mayRelease) return [];
    const next: Lock = f === "take" ? [token + 1, 1] : f === "release" ? [token, 0] : lock;
    return type === "info" || String(result) === String(next) ? [next] : [];
  },
  observes: ({ f, type }) => f === "check" || type === "fail",
};

/** Whether every token is at least as high as those that were known before its request, and a new one is higher. */
function checkFencing(events: readonly HistoryEvent[]): Verdict {
  let highest = 0;
  const known = new Map<HistoryEvent["process"], number>();
  for (const { process, type, f, value } of events) {
    if (type === "invoke") known.set(process, highest);
    if (type !== "ok") continue;
    const [token] = value as Lock;
    const least = known.get(process)! + (f === "take" ? 1 : 0);
    if (token < least) return { valid: false, reason: `${f} answered ${token}; at least ${least} was expected` };
    highest = Math.max(highest, token);
  }
  return { valid: true };
}

function clients(): Workload {
  let latest = 0; // the token that a client received last
  return {
    name: "lock",
    model: "lock",
    next(random) {
      const drawn = random.below(3);
      if (drawn === 0) return { f: "check" };
      return drawn === 1 || latest === 0 ? { f: "take" } : { f: "release", value: latest };
    },
    ended({ f }, { type, value }) {
      if (f === "take" && type === "ok") [latest] = value as Lock;
    },
    proof: (kind) => ({ f: kind === "read" ? "check" : "take" }),
    finalReads: () => [{ operation: { f: "check" } }],
    judge(events): Record<string, Verdict> {
      // A token that goes back is found at once; everything else needs a search.
      const fencing = checkFencing(events);
      return fencing.valid ? { fencing, linearizability: checkLinearizability(events, model) } : { fencing };
    },
  };
}

/** The lock; with a planted fault, its snapshots forget the tokens while nobody holds it. */
export const lockApp = (forgetsTokens: boolean): App =>
  defineApp({ workloads: { lock: clients }, machine: () => lock(forgetsTokens), encode: bytes });

const app: App = lockApp(false);
export default app;
