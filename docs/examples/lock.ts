// A lock with fencing tokens as a replicated state machine. A client that takes the lock gets a token that is higher
// than all earlier ones, so the protected resource can refuse an earlier holder. A client may take the lock even if its
// holder has not released it. Run it with
//   kaya-raft run --app docs/examples/lock.ts --nemesis all
// In a project of your own, import from "@kayadb/raft/harness" and "@kayadb/raft/checker".
import { checkLinearizability, type HistoryEvent, type Model, type Verdict } from "../../checker/mod.ts";
import { type App, type Completion, defineApp, type Invocation, type Workload } from "../../harness/mod.ts";
import type { StateMachine } from "../../server/mod.ts";

const text = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The highest token that was given out, and whether its holder still holds the lock. */
interface Lock {
  token: number;
  isHeld: boolean;
}

/**
 * The state machine. `take` returns a new token, `release` releases the lock if its token is the latest, `check`
 * returns the latest token.
 */
function lock(forgetsTokens: boolean): StateMachine {
  let state: Lock = { token: 0, isHeld: false };
  const check = (): ReturnType<StateMachine["read"]> => ({ type: "ok", value: [state.token, state.isHeld ? 1 : 0] });
  return {
    apply(command) {
      const { f, value } = text(command) as Invocation;
      switch (f) {
        case "check":
          return check();
        case "take":
          state = { token: state.token + 1, isHeld: true };
          return { type: "ok", value: state.token };
        case "release":
          if (!state.isHeld || value !== state.token) return { type: "fail", error: "fenced off" };
          state = { ...state, isHeld: false };
          return { type: "ok", value: null };
        default:
          return { type: "fail", error: "the lock knows take, release and check" };
      }
    },
    isRead: (command) => (text(command) as Invocation).f === "check",
    read: check,
    // A lock that nobody holds differs from a new one only in its token.
    snapshot: () => bytes(forgetsTokens && !state.isHeld ? { token: 0, isHeld: false } : state),
    restore: (data) => void (state = text(data) as Lock),
  };
}

/** The lock's model, for the judge. */
const model: Model<readonly [token: number, isHeld: number]> = {
  name: "lock with fencing tokens",
  initial: [0, 0],
  step([token, isHeld], { f, argument, result, type }) {
    const knows = type === "ok";
    switch (f) {
      case "take":
        return knows && result !== token + 1 ? [] : [[token + 1, 1]];
      case "release":
        return isHeld === 1 && argument === token ? [[token, 0]] : [];
      default: {
        const [seen, held] = (result ?? []) as number[];
        return knows && (seen !== token || held !== isHeld) ? [] : [[token, isHeld]];
      }
    }
  },
  observes: ({ f }) => f === "check",
};

function clients(): Workload {
  /** The latest token that a client received. */
  let latest = 0;
  return {
    name: "lock",
    model: "lock",
    next(random) {
      const drawn = random.below(3);
      if (drawn === 0) return { f: "check" };
      return drawn === 1 || latest === 0 ? { f: "take" } : { f: "release", value: latest };
    },
    ended({ f }, { type, value }) {
      if (f === "take" && type === "ok") latest = value as number;
    },
    proof: (kind) => kind === "read" ? { f: "check" } : { f: "take" },
    finalReads: () => [{ operation: { f: "check" } }],
    judge(events): Record<string, Verdict> {
      // A token that goes back is found at once; everything else needs a search.
      const reason = wentBack(events);
      if (reason !== null) return { fencing: { valid: false, reason } };
      return { fencing: { valid: true }, linearizability: checkLinearizability(events, model) };
    },
  };
}

/** The first token that is lower than one that was known before its request; `null` if there is none. */
function wentBack(events: readonly HistoryEvent[]): string | null {
  let highest = 0;
  const known = new Map<HistoryEvent["process"], number>();
  for (const { process, type, f, value } of events) {
    if (type === "invoke") known.set(process, highest);
    if (type !== "ok" || (f !== "take" && f !== "check")) continue;
    const token = f === "take" ? value as number : (value as number[])[0]!;
    const least = known.get(process)! + (f === "take" ? 1 : 0);
    if (token < least) return `${f} answered ${token}, after ${least} was to be expected at least`;
    highest = Math.max(highest, token);
  }
  return null;
}

/** The lock; with a planted fault, its snapshots forget the tokens while nobody holds it. */
export function lockApp(forgetsTokens: boolean): App {
  return defineApp({
    workloads: { lock: clients },
    machine: () => lock(forgetsTokens),
    encode: ({ f, value }) => bytes({ f, value }),
    complete({ f, value }, reply): Completion {
      if (reply.type !== "ok") return { type: reply.type, value, error: reply.error };
      return { type: "ok", value: f === "release" ? value : reply.value };
    },
  });
}

const app: App = lockApp(false);

export default app;
