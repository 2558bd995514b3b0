/**
 * What a report's page shows: plain data, which the page's script reads from the page itself.
 *
 * Long lists are columns: an operation, a message or a change is a place in several arrays. Times are whole
 * microseconds since the run began, and `-1` where there is none.
 *
 * @module
 */

import type { NodeChange } from "../../moment.ts";

/** A verdict's word. */
export type Word = "valid" | "invalid" | "unknown";

/** Everything that a page shows. */
export interface PageData {
  /** What the page is of. */
  readonly kind: "run" | "history" | "sweep";
  readonly head: Head;
  /** Why the verdict is what it is; `null` where there is nothing to explain. */
  readonly why: Why | null;
  /** How long it all took. */
  readonly end: number;
  /** `event`: the history has no times, and an event counts as a thousand microseconds. */
  readonly unit: "time" | "event";
  /** The nodes, in ascending order; none for a history whose events name no node. */
  readonly nodes: readonly number[];
  readonly operations: Operations;
  readonly faults: readonly FaultBand[];
  /** `null` where the target cannot tell. */
  readonly messages: Messages | null;
  /** `null` where the target cannot tell. */
  readonly changes: readonly Change[] | null;
  /** Of transactions: the cycles that the verdict found. */
  readonly cycles: readonly Cycle[];
  /** Of a sweep: its seeds and findings. */
  readonly sweep: SweepTable | null;
  /** What the target could not tell, in words: the page leaves it out and says so. */
  readonly omitted: readonly string[];
}

/** What stands at the top. */
export interface Head {
  readonly title: string;
  readonly word: Word;
  /** The verdict in one sentence. */
  readonly says: string;
  /** Names and their values: seed, target, version, hash, ... */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** The command that does it again; `null` where there is none. */
  readonly replay: string | null;
  readonly checks: readonly { readonly name: string; readonly word: Word; readonly says: string }[];
  /** How often each fault struck. */
  readonly faults: readonly (readonly [name: string, times: number])[];
  /** What happened inside, counted. */
  readonly coverage: readonly (readonly [name: string, times: number])[];
}

/** Why something is wrong, or an order that shows that it is right. */
export interface Why {
  /** One sentence after the other, the most important first. */
  readonly sentences: readonly string[];
  /** The places in `Operations` of those that contradict each other, in the order of their beginnings. */
  readonly operations: readonly number[];
  /** Which of them cannot be true beside the others; -1 where none stands out. */
  readonly culprit: number;
  /** What the culprit should have said; empty where nobody knows. */
  readonly expected: string;
  /** The longest good prefix ends here. */
  readonly fineUntil: number;
  /**
   * An order that explains all but the culprit, which breaks it; or, of a valid history, the witness. Places in
   * `Operations`.
   */
  readonly order: readonly number[];
  /** Places in `faults` that were open when the culprit was answered. */
  readonly faults: readonly number[];
}

/** What clients asked, by the time of the asking. */
export interface Operations {
  /** Texts that `what`, `result` and `key` name by their places. */
  readonly texts: readonly string[];
  readonly start: readonly number[];
  /** When it was answered, or its client gave it up; -1: neither. What is of unknown outcome may happen later, too. */
  readonly end: readonly number[];
  /** The node that was asked; 0 where the history does not say. */
  readonly node: readonly number[];
  readonly process: readonly number[];
  /** 0 ok, 1 fail, 2 info. */
  readonly outcome: readonly number[];
  /** `put x 1`. */
  readonly what: readonly number[];
  /** What the answer was. */
  readonly result: readonly number[];
  readonly key: readonly number[];
  /** The place of the invocation in the history, as the terminal counts it. */
  readonly place: readonly number[];
}

/** A fault, from its strike to its healing. */
export interface FaultBand {
  readonly name: string;
  readonly says: string;
  readonly start: number;
  /** -1: never healed. */
  readonly end: number;
  /** Whom it strikes; empty: no node of its own. */
  readonly nodes: readonly number[];
  /** The directions that deliver nothing, as `from, to` one after the other. */
  readonly cut: readonly number[];
}

/** What went over the network, by the time of the sending. */
export interface Messages {
  readonly texts: readonly string[];
  readonly sent: readonly number[];
  /** -1: lost. */
  readonly arrived: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** The kind and the content: places in `texts`. */
  readonly kind: readonly number[];
  readonly text: readonly number[];
  /** 1: a reader of a short story wants to hear of it. */
  readonly matters: readonly number[];
}

/** What changed in a node, at a time in microseconds. */
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
  /** Each edge says which two operations cause it. */
  readonly edges: readonly {
    readonly from: number;
    readonly to: number;
    readonly kind: string;
    readonly says: string;
  }[];
}

/** A sweep's results. */
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
  /** Coverage marks that no seed reached. */
  readonly neverReached: readonly string[];
}
