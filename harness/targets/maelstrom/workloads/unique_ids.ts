/**
 * `unique-ids`: clients that want ids which nobody else gets.
 *
 * @module
 */
import { judgeTransactions } from "../../../workloads/judge.ts";
import { forHistory } from "../json.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

/** Ids may be anything that JSON has. */
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
      // An id that nobody heard of is nobody's: nothing has happened.
      request(speaking, body, true, (answer) => {
        if (answer["id"] === undefined) return speaking.malformed(body, answer, "an id");
        speaking.end({ type: "ok", value: forHistory(answer["id"]) });
      });
    },
  }),
};
