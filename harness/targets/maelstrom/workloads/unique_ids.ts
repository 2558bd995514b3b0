/**
 * `unique-ids`: clients request ids that no other client may get.
 *
 * @module
 */
import { judgeTransactions } from "../../../workloads/judge.ts";
import { forHistory } from "../json.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

/** An id may be any JSON value but null. */
export const uniqueIds: MaelstromWorkload = {
  make: () => ({
    name: "unique-ids",
    model: "unique-ids",
    next: () => ({ f: "generate" }),
    proof: () => ({ f: "generate" }),
    finalReads: () => [],
    judge: (events) => ({ "unique-ids": judgeTransactions(events, "unique-ids") }),
  }),
  clients: () => ({
    invoke(speaking) {
      const body = { type: "generate" };
      // An id that nobody received belongs to nobody, so the operation did not happen.
      request(speaking, body, true, (answer) => {
        if ((answer["id"] ?? null) === null) return speaking.malformed(body, answer, "an id");
        speaking.end({ type: "ok", value: forHistory(answer["id"]) });
      });
    },
  }),
};
