/**
 * How clients of Maelstrom's workloads talk to nodes: turns an operation into requests, and their answers into the
 * operation's result.
 *
 * @module
 */
import type { MakeWorkload } from "../../../run/target.ts";
import type { Completion, Invocation } from "../../../workloads/workload.ts";
import { type Body, isDefinite, NOT_SUPPORTED } from "../protocol.ts";
import type { MaelstromSetup } from "../setup.ts";
import { writeJson } from "../json.ts";

/** Sends a request to a node. `then` gets its answer, which may be an error. */
export type Ask = (request: Body, then: (answer: Body) => void) => void;

/** The context of an operation. */
export interface Speaking {
  /** The process whose operation it is. */
  readonly process: number;
  /** The operation. */
  readonly operation: Invocation;
  /** Sends a request to the node. */
  readonly ask: Ask;
  /** Ends the operation. */
  readonly end: (completion: Completion) => void;
  /** Reports an answer that does not follow the protocol, and ends the run. */
  readonly malformed: (request: Body, answer: Body, expected: string) => void;
}

/** The clients of a workload. They may keep state for each process. */
export interface Clients {
  /** Messages that each node gets after `init`, and must answer. */
  greetings?(names: readonly string[]): readonly Body[];
  /** Performs one operation. */
  invoke(speaking: Speaking): void;
}

/** A workload of Maelstrom. */
export interface MaelstromWorkload {
  /** Makes the operations, and the judge. */
  readonly make: MakeWorkload<MaelstromSetup>;
  /** Makes the clients. */
  readonly clients: (setup: MaelstromSetup) => Clients;
}

/**
 * Sends one request, and passes on its answer if it has the type `TYPE_ok`. An error ends the operation: as `fail` if
 * the error is definite, or if the operation `isRead` and so changes nothing; otherwise as `info`.
 */
export function request(
  speaking: Speaking,
  body: Body,
  isRead: boolean,
  then: (answer: Body) => void,
): void {
  const { ask, end, malformed, operation } = speaking;
  ask(body, (answer) => {
    if (answer.type === `${body.type}_ok`) return then(answer);
    if (answer.type !== "error") return malformed(body, answer, `${body.type}_ok`);
    const type = isRead || isDefinite(answer["code"]) ? "fail" : "info";
    const isUnsupported = answer["code"] === NOT_SUPPORTED;
    end({ type, value: operation.value, error: errorInWords(answer), ...(isUnsupported ? { isUnsupported } : {}) });
  });
}

/** An error for the history: its code and text. */
function errorInWords({ code, text }: Body): string {
  return `${writeJson(code ?? null)}${
    text === undefined ? "" : ` ${typeof text === "string" ? text : writeJson(text)}`
  }`;
}
