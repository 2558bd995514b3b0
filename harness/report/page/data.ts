/**
 * The data of a report's page. It is plain data, which the page's script reads from the page itself.
 *
 * Long lists are stored as columns: an operation, a message or a change is a position in several arrays. Times are
 * whole microseconds since the run began, and `-1` if there is none.
 *
 * @module
 */

import type { NodeChange } from "../../moment.ts";

/** The verdict as a word. */
export type Word = "valid" | "invalid" | "unknown";

/** The content of a page. */
export interface PageData {
  /** The kind of page. */
  readonly kind: "run" | "history" | "sweep";
  readonly head: Head;
  /** Why the verdict is as it is; `null` if there is nothing to explain. */
  readonly why: Why | null;
  /** When everything ended. */
  readonly end: number;
  /** `event`: the history has no times, and each event counts as a thousand microseconds. */
  readonly unit: "time" | "event";
  /** The nodes, ascending; empty if the history's events name no node. */
  readonly nodes: readonly number[];
  readonly operations: Operations;
  readonly faults: readonly FaultBand[];
  /** `null` if the target does not report them. */
  readonly messages: Messages | null;
  /** `null` if the target does not report them. */
  readonly changes: readonly Change[] | null;
  /** For transactions: the cycles of the verdict. */
  readonly cycles: readonly Cycle[];
  /** For a sweep: its seeds and findings. */
  readonly sweep: SweepTable | null;
  /** Parts that the page leaves out because the target does not report them, as text. */
  readonly omitted: readonly string[];
}

/** The head of the page. */
export interface Head {
  readonly title: string;
  readonly word: Word;
  /** The verdict in one sentence. */
  readonly says: string;
  /** Names and their values: seed, target, version, hash, ... */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** The command that repeats it; `null` if there is none. */
  readonly replay: string | null;
  readonly checks: readonly { readonly name: string; readonly word: Word; readonly says: string }[];
  /** How often each fault struck. */
  readonly faults: readonly (readonly [name: string, times: number])[];
  /** Counters of events inside the nodes. */
  readonly coverage: readonly (readonly [name: string, times: number])[];
}

/** Why the history is wrong; or an order that shows that it is right. */
export interface Why {
  /** Sentences, the most important first. */
  readonly sentences: readonly string[];
  /** Questions about a wrong answer, with replies: who gave it, what it should have been, why it could be given. */
  readonly told: readonly (readonly [question: string, reply: string])[];
  /** The fault at the culprit's node, for the drawing; empty if there was none. */
  readonly trouble: string;
  /** The contradicting operations as positions in `Operations`, in the order of their beginnings. */
  readonly operations: readonly number[];
  /** The operation that cannot be true together with the others; -1 if none stands out. */
  readonly culprit: number;
  /** The answer that the culprit should have given; empty if it is unknown. */
  readonly expected: string;
  /** The end of the longest prefix that can be explained. */
  readonly fineUntil: number;
  /**
   * An order that explains all operations except the culprit, which breaks it; or, for a valid history, the witness.
   * Positions in `Operations`.
   */
  readonly order: readonly number[];
  /** Positions in `faults` of those that were open when the culprit was answered. */
  readonly faults: readonly number[];
}

/** A long list of numbers: an array, or a typed one. */
export interface Column extends Iterable<number> {
  readonly length: number;
  readonly [place: number]: number;
  forEach(act: (value: number, place: number) => void): void;
}

/** The operations of the clients, by the time of their invocations. */
export interface Operations {
  /** The texts that `what`, `result` and `key` refer to by position. */
  readonly texts: readonly string[];
  readonly start: Column;
  /**
   * When it was answered, or its client gave up; -1 if neither. An operation of unknown outcome may also happen later.
   */
  readonly end: Column;
  /** The node that was asked; 0 if the history does not name it. */
  readonly node: Column;
  readonly process: Column;
  /** 0 ok, 1 fail, 2 info. */
  readonly outcome: Column;
  /** `put x 1`. */
  readonly what: Column;
  /** The result. */
  readonly result: Column;
  readonly key: Column;
  /** The position of the invocation in the history, as the terminal counts it. */
  readonly place: Column;
}

/** A fault, from its strike to its healing. */
export interface FaultBand {
  readonly name: string;
  readonly says: string;
  readonly start: number;
  /** -1: it was never healed. */
  readonly end: number;
  /** The affected nodes; empty if it has none of its own. */
  readonly nodes: readonly number[];
  /** The directions that deliver nothing, as a flat list of `from, to`. */
  readonly cut: readonly number[];
}

/** The messages between nodes, by the time of sending. */
export interface Messages {
  readonly texts: readonly string[];
  readonly sent: Column;
  /** -1: lost. */
  readonly arrived: Column;
  readonly from: Column;
  readonly to: Column;
  /** Kind and content: positions in `texts`. */
  readonly kind: Column;
  readonly text: Column;
  /** 1: a short story should include it. */
  readonly matters: Column;
}

/** A change of a node's state, with its time in microseconds. */
export interface Change extends NodeChange {
  readonly time: number;
  readonly node: number;
  readonly text: string;
}

/** A cycle of transactions. */
export interface Cycle {
  /** Its name: `G-single`. */
  readonly name: string;
  readonly nodes: readonly { readonly name: string; readonly text: string }[];
  /** Each edge names the two operations that cause it. */
  readonly edges: readonly {
    readonly from: number;
    readonly to: number;
    readonly kind: string;
    readonly says: string;
  }[];
}

/** The results of a sweep. */
interface SweepTable {
  readonly findings: readonly {
    /** `seed 12`, or a file's name. */
    readonly name: string;
    readonly word: Word;
    readonly says: string;
    readonly replay: string;
    readonly page: string;
  }[];
  readonly kinds: readonly (readonly [kind: string, times: number])[];
  /** Coverage marks that no seed has reached. */
  readonly neverReached: readonly string[];
}
