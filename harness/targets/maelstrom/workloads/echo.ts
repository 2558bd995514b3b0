/**
 * `echo`: clients that want to hear what they said.
 *
 * @module
 */
import { judgeTransactions } from "../../../workloads/judge.ts";
import { forHistory } from "../json.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

/** So many texts there are. */
const TEXTS = 128;

/** Texts as Maelstrom has them. */
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
