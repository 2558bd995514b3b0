/**
 * `lin-kv`: clients of a linearizable key-value store. They read, write, and compare-and-set.
 *
 * @module
 */
import { FAILED_COMPARE, type HistoryEvent } from "../../../../checker/mod.ts";
import { judgeLinearizability } from "../../../workloads/judge.ts";
import { freshNumber, happens, type Invocation } from "../../../workloads/workload.ts";
import { forHistory } from "../json.ts";
import { NO_SUCH_KEY, PRECONDITION_FAILED } from "../protocol.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

/** The value that an operation writes. */
function writtenBy({ f, value }: HistoryEvent): number | undefined {
  return f === "write" ? value as number : f === "cas" ? (value as number[])[1] : undefined;
}

/** Keys are numbers from 0, and each value is written only once. */
export const linKv: MaelstromWorkload = {
  make(options, { keyCount }) {
    const keys = keyCount ?? options.keys;
    /** The value last seen for each key, which a compare-and-set expects. */
    const seen = new Map<unknown, number>();
    let written = 0;
    return {
      name: "lin-kv",
      model: "cas-register",
      next(random): Invocation {
        const key = random.below(keys);
        if (happens(random, options.readShare)) return { f: "read", key };
        const expected = seen.get(key);
        if (expected !== undefined && random.below(2) === 0) return { f: "cas", key, value: [expected, ++written] };
        return { f: "write", key, value: ++written };
      },
      ended({ f, key, value }, { type, value: result }) {
        if (type !== "ok") return;
        const last = f === "cas" ? (value as number[])[1] : f === "read" ? result : value;
        if (typeof last === "number") seen.set(key, last);
      },
      proof: (kind, events) =>
        kind === "read" ? { f: "read", key: 0 } : { f: "write", key: 0, value: freshNumber(events, writtenBy) },
      finalReads(events) {
        const asked = new Set(events.filter(({ process }) => process !== "nemesis").map(({ key }) => key));
        return [...asked].sort().map((key) => ({ operation: { f: "read", key } }));
      },
      judge: (events) => ({ linearizability: judgeLinearizability(events, "cas-register") }),
    };
  },
  clients: () => ({
    invoke(speaking) {
      const { operation: { f, key, value }, ask, end } = speaking;
      switch (f) {
        case "read": {
          const body = { type: "read", key };
          // This error is an answer too: the key does not exist.
          const answering = {
            ...speaking,
            ask: (asked: typeof body, then: Parameters<typeof ask>[1]) =>
              ask(asked, (answer) => {
                const isMissing = answer.type === "error" && answer["code"] === NO_SUCH_KEY;
                then(isMissing ? { type: "read_ok", value: null } : answer);
              }),
          } as typeof speaking;
          return request(answering, body, true, (answer) => {
            end({ type: "ok", value: forHistory(answer["value"] ?? null) });
          });
        }
        case "write":
          return request(speaking, { type: "write", key, value }, false, () => end({ type: "ok", value }));
        default: {
          const [from, to] = value as [unknown, unknown];
          return request(comparing(speaking), { type: "cas", key, from, to }, false, () => end({ type: "ok", value }));
        }
      }
    },
  }),
};

/** A failed compare-and-set has seen a value, which goes into the history. */
function comparing(speaking: Parameters<typeof request>[0]): typeof speaking {
  const { operation: { value }, ask, end } = speaking;
  return {
    ...speaking,
    ask: (asked, then) =>
      ask(asked, (answer) => {
        if (answer.type !== "error") return then(answer);
        if (answer["code"] === PRECONDITION_FAILED) return end({ type: "fail", value, error: FAILED_COMPARE });
        if (answer["code"] !== NO_SUCH_KEY) return then(answer);
        end({ type: "fail", value, error: FAILED_COMPARE, actual: null });
      }),
  };
}
