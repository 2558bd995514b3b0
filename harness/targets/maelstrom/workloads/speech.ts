/**
 * How clients of Maelstrom's workloads speak to nodes: the way from an operation to requests, and from their answers to
 * its end.
 *
 * @module
 */
import type { MakeWorkload } from "../../../run/target.ts";
import type { Completion, Invocation } from "../../../workloads/workload.ts";
import { type Body, isDefinite, NOT_SUPPORTED } from "../protocol.ts";
import type { MaelstromSetup } from "../setup.ts";
import { writeJson } from "../json.ts";

/** Asks a node, and hears its answer, which may be an error. */
export type Ask = (request: Body, then: (answer: Body) => void) => void;

/** What an operation came to. */
export interface Speaking {
  /** The process whose operation it is. */
  readonly process: number;
  /** What is asked. */
  readonly operation: Invocation;
  /** Asks the node. */
  readonly ask: Ask;
  /** Ends the operation. */
  readonly end: (completion: Completion) => void;
  /** Says that an answer is not what the protocol has, and ends the run. */
  readonly malformed: (request: Body, answer: Body, expected: string) => void;
}

/** The clients of a workload. They may keep what they know of each process. */
export interface Clients {
  /** What a node is told after `init`, and must answer. */
  greetings?(names: readonly string[]): readonly Body[];
  /** Does one operation. */
  invoke(speaking: Speaking): void;
}

/** A workload of Maelstrom's: what is asked, and how. */
export interface MaelstromWorkload {
  /** What clients ask, and what judges it. */
  readonly make: MakeWorkload<MaelstromSetup>;
  /** How they ask. */
  readonly clients: (setup: MaelstromSetup) => Clients;
}

/**
 * Sends one request, and hands on its answer if that is of the type `TYPE_ok`. An error ends the operation: as `fail`
 * if it is definite, or if the operation `isRead`, which changes nothing; otherwise as `info`.
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

/** An error for the history: its code and its text. */
function errorInWords({ code, text }: Body): string {
  return `${writeJson(code ?? null)}${
    text === undefined ? "" : ` ${typeof text === "string" ? text : writeJson(text)}`
  }`;
}
