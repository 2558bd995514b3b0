/**
 * `broadcast`, `g-set`, `g-counter` and `pn-counter`, in Maelstrom's protocol.
 *
 * @module
 */
import { CONVERGING } from "../../../workloads/converging.ts";
import { forHistory } from "../json.ts";
import type { Body } from "../protocol.ts";
import { topologyOf } from "../topology.ts";
import { type MaelstromWorkload, request } from "./speech.ts";

/** How the protocol speaks of one of these workloads. */
interface Kind {
  readonly name: keyof typeof CONVERGING;
  readonly addRequest: (value: unknown) => Body;
  /** The value in a node's answer to `read`; `undefined` if it has none. */
  readonly read: (answer: Body) => unknown;
  /** The expected form of the answer, for people. */
  readonly expected: string;
}

const setOf = (value: unknown): unknown => Array.isArray(value) ? forHistory(value) : undefined;
const numberOf = (value: unknown): unknown => typeof value === "number" ? value : undefined;
const COUNTER = {
  addRequest: (delta: unknown): Body => ({ type: "add", delta }),
  read: ({ value }: Body) => numberOf(value),
  expected: "a value that is a number",
};

/** Messages that each node passes on to its neighbours. */
export const broadcast: MaelstromWorkload = eventual({
  name: "broadcast",
  addRequest: (message) => ({ type: "broadcast", message }),
  read: ({ messages }) => setOf(messages),
  expected: "messages that are a list",
});

/** A set that only grows. */
export const gSet: MaelstromWorkload = eventual({
  name: "g-set",
  addRequest: (element) => ({ type: "add", element }),
  read: ({ value }) => setOf(value),
  expected: "a value that is a list",
});

/** A counter that only grows. */
export const gCounter: MaelstromWorkload = eventual({
  ...COUNTER,
  name: "g-counter",
});

/** A counter that goes up and down. */
export const pnCounter: MaelstromWorkload = eventual({
  ...COUNTER,
  name: "pn-counter",
});

function eventual(kind: Kind): MaelstromWorkload {
  const { name } = kind;
  return {
    make: CONVERGING[name],
    clients: ({ topology }) => ({
      ...(name === "broadcast"
        ? { greetings: (names: readonly string[]) => [{ type: "topology", topology: topologyOf(topology, names) }] }
        : {}),
      invoke(speaking) {
        const { operation: { f, value }, end, malformed } = speaking;
        if (f !== "read") {
          return request(speaking, kind.addRequest(value), false, () => end({ type: "ok", value }));
        }
        const body = { type: "read" };
        request(speaking, body, true, (answer) => {
          const result = kind.read(answer);
          if (result === undefined) return malformed(body, answer, kind.expected);
          end({ type: "ok", value: result });
        });
      },
    }),
  };
}
