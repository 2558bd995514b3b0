// A lock with fencing tokens as a replicated state machine: whoever takes the lock gets a token that is higher than
// all before, so that what it guards can refuse a holder that was overtaken. A holder that is gone is robbed of the
// lock by the next one. Run it with
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
 * The state machine: `take` gives a token to whoever asks, `release` gives the lock back if the token is the latest,
 * `check` tells it.
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
    // A lock that nobody holds looks like a new one, but for its tokens.
    snapshot: () => bytes(forgetsTokens && !state.isHeld ? { token: 0, isHeld: false } : state),
    restore: (data) => void (state = text(data) as Lock),
  };
}

/** What the lock should do, for the judge. */
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
  /** The latest token that a client has got. */
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
      // A token that goes back shows at a glance; the rest takes a search.
      const reason = wentBack(events);
      if (reason !== null) return { fencing: { valid: false, reason } };
      return { fencing: { valid: true }, linearizability: checkLinearizability(events, model) };
    },
  };
}

/** The first token that is lower than one that was known before it was asked for; `null` if there is none. */
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
