/**
 * Mechanical mutants that change nothing that can be seen, each with the reason.
 *
 * @module
 */
import type { MechanicalMutant } from "./mechanical.ts";

/** A mutant, by its file and the two forms of its line without the blanks around, and why it is equivalent. */
interface Equivalent {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
}

const EQUIVALENT: readonly Equivalent[] = [
  {
    file: "raft/node.ts",
    before: "if (core.isSoleVoter && core.log.durableIndex > core.commitIndex) commitAsLeader(core);",
    after: "if (core.isSoleVoter && core.log.durableIndex >= core.commitIndex) commitAsLeader(core);",
    why: "Where both are equal, `commitAsLeader` finds nothing to commit.",
  },
  {
    file: "raft/envelope_check.ts",
    before: "for (let i = 0; i < entries.length; i++) {",
    after: "for (let i = 0; i <= entries.length; i++) {",
    why: "The missing entry behind the last sends the message the other way, which has the same effect.",
  },
  {
    file: "raft/envelope_check.ts",
    before: 'if (entry.kind !== "command" && entry.kind !== "noop") return false;',
    after: 'if (!(entry.kind !== "command" && entry.kind !== "noop")) return false;',
    why: "The message goes the other way, which has the same effect.",
  },
  {
    file: "server/replica/outbox.ts",
    before: "this.#covered = [];",
    after: ";",
    why: "Nothing reads the list before the next flush replaces it; after `stop` nothing reads it at all.",
  },
  {
    file: "raft/core.ts",
    before: "hasSentTimeoutNow = false;",
    after: ";",
    why: "Only a leader reads it, and sets it when its term begins; without a value it counts as false.",
  },
  {
    file: "raft/core.ts",
    before: "uncommittedBytes = 0;",
    after: ";",
    why: "Only a leader reads it, and sets it when its term begins.",
  },
  {
    file: "raft/open_proposals.ts",
    before: "if (lost.length > 0) this.#lost = [];",
    after: "if (lost.length >= 0) this.#lost = [];",
    why: "An empty list replaces an empty list.",
  },
  {
    file: "server/journal/journal.ts",
    before: "if (entry.index > this.#batchHighest) this.#batchHighest = entry.index;",
    after: "if (entry.index >= this.#batchHighest) this.#batchHighest = entry.index;",
    why: "Where both are equal, the assignment changes nothing.",
  },
  {
    file: "server/journal/journal_format.ts",
    before: "for (let at = bytes.indexOf(firstByte, from); at >= 0; at = bytes.indexOf(firstByte, at + 1)) {",
    after: "for (let at = bytes.indexOf(firstByte, from); at > 0; at = bytes.indexOf(firstByte, at + 1)) {",
    why: "No batch begins at offset 0, where the segment's header is.",
  },
  {
    file: "server/replica/replica.ts",
    before: "if (index > journal.snapshotIndex) node.compact(logIndex(index), content);",
    after: "if (index >= journal.snapshotIndex) node.compact(logIndex(index), content);",
    why:
      "A snapshot begins above the last one, and a leader's that comes meanwhile is of a later index: they are never equal.",
  },
  {
    file: "raft/open_proposals.ts",
    before: "if (this.#leaderships.length === 0) this.#latest = null;",
    after: "if (!(this.#leaderships.length === 0)) this.#latest = null;",
    why:
      "Two leaderships of one term, side by side, lose the same proposals as one; a later term never has the number of an ended one.",
  },
  {
    file: "raft/small_arrays.ts",
    before: "const SLAB_BYTES = 16_384;",
    after: "const SLAB_BYTES = 16385;",
    why: "Only how much memory a block takes.",
  },
];

/** Why a mutant is equivalent to the sources; `null` if that is not known. */
export function whyEquivalent({ file, before, after }: MechanicalMutant): string | null {
  const known = EQUIVALENT.find((one) =>
    one.file === file && one.before === before.trim() && one.after === after.trim()
  );
  return known?.why ?? null;
}
