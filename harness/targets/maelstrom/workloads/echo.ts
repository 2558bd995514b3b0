/**
 * `echo`: clients send a text and expect it back.
 *
 * @module
 */
import { judgeTransactions } from "../../../workloads/judge.ts";
import { forHistory } from "../json.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

/** How many different texts there are. */
const TEXTS = 128;

/** The texts have the same form as in Maelstrom. */
export const echo: MaelstromWorkload = {
  make: () => ({
    name: "echo",
    model: "echo",
    next: (random) => ({ f: "echo", value: `Please echo ${random.below(TEXTS)}` }),
    proof: () => ({ f: "echo", value: "Please echo" }),
    finalReads: () => [],
    judge: (events) => ({ echo: judgeTransactions(events, "echo") }),
  }),
  clients: () => ({
    invoke(speaking) {
      const { operation: { value }, end } = speaking;
      request(speaking, { type: "echo", echo: value }, true, (answer) => {
        end({ type: "ok", value: forHistory(answer["echo"] ?? null) });
      });
    },
  }),
};
