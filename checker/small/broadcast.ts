/**
 * Sets that are complete in the end: Maelstrom's `broadcast` and `g-set`. Each element that was acknowledged, or that
 * any read contained, must be in every last read, on every node.
 *
 * @module
 */
import { jsonOf } from "../json_of.ts";
import type { HistoryEvent } from "../history.ts";
import { type Element, fatesOf, foundOf, recordOf, type SetRecord } from "./set_full.ts";
import { member, type WorkloadVerdict, workloadVerdict } from "./workload.ts";

/** Judges operations `broadcast`, with one element each, and `read`, of all elements; see {@link checkGSet}. */
export function checkBroadcast(history: readonly HistoryEvent[]): WorkloadVerdict {
  return checkEventualSet(history, "broadcast", "broadcast");
}

/**
 * Judges operations `add`, with one element each, and `read`, of all elements. Reads before the last ones may lack any
 * element.
 *
 * It is stricter than Jepsen's `set-full`, which only asks whether the latest read had an element. Here every read that
 * is marked `final` must have every element that was known before it began, and no read may have an element that nobody
 * added.
 *
 * @returns In `found`: the same as `checkSetFull`, and `unexpectedCount` and the first 20 `unexpected`.
 * @throws {TypeError} If the history has neither adds nor reads, or a read is not a list.
 */
export function checkGSet(history: readonly HistoryEvent[]): WorkloadVerdict {
  return checkEventualSet(history, "g-set", "add");
}

function checkEventualSet(history: readonly HistoryEvent[], model: string, add: string): WorkloadVerdict {
  const record = recordOf(history, { model, add });
  const { operations, elements, duplicated, reads } = record;
  const missing = missingInLastReads(record);
  const before = fatesOf(record);
  const isLost = new Set([...before.lost, ...missing.keys()]);
  const fates = {
    stable: before.stable.filter((element) => !isLost.has(element)),
    lost: [...isLost],
    neverRead: before.neverRead.filter((element) => !isLost.has(element)),
    stale: before.stale.filter((element) => !isLost.has(element)),
  };
  const unexpected = unexpectedIn(record);
  const doubt = elements.size === 0
    ? "nothing succeeded: nothing was added"
    : reads.length === 0
    ? "nothing was read"
    : fates.stable.length === 0
    ? "no element was read after it was added"
    : undefined;
  const reason = isLost.size > 0
    ? lossInWords(fates.lost, elements.size, missing, record)
    : unexpected.length > 0
    ? `a read has ${jsonOf(unexpected[0])}, which nobody added`
    : duplicated.size > 0
    ? `${duplicated.size} elements were read more than once in one read`
    : doubt;
  const isBroken = isLost.size + unexpected.length + duplicated.size > 0;
  return workloadVerdict(model, operations, {
    valid: isBroken ? false : doubt === undefined ? true : "unknown",
    reason,
    found: {
      ...foundOf(record, fates),
      unexpectedCount: unexpected.length,
      unexpected: unexpected.slice(0, 20),
    },
  });
}

/**
 * The elements that a last read lacks although they were known when it began, each with the position of that read's
 * end.
 */
function missingInLastReads({ elements, reads }: SetRecord): Map<Element, number> {
  const missing = new Map<Element, number>();
  for (const { began, ended, isFinal, value } of reads) {
    if (!isFinal) continue;
    const present = new Set(value.map(member));
    for (const [name, element] of elements) {
      if (element.known < 0 || element.known >= began || present.has(name) || missing.has(element)) continue;
      missing.set(element, ended);
    }
  }
  return missing;
}

function unexpectedIn({ elements, reads }: SetRecord): unknown[] {
  const unexpected = new Map<unknown, unknown>();
  for (const { value } of reads) {
    for (const each of value) if (!elements.has(member(each))) unexpected.set(member(each), each);
  }
  return [...unexpected.values()];
}

function lossInWords(
  lost: readonly Element[],
  count: number,
  missing: ReadonlyMap<Element, number>,
  { events }: SetRecord,
): string {
  const [first] = lost;
  const ended = missing.get(first!);
  const where = ended === undefined ? "" : `, but not in the last read at event ${events[ended]!.index}`;
  const elements = count === 1 ? "element was" : "elements were";
  return `${lost.length} of ${count} ${elements} lost: ${jsonOf(first!.value)} was known at event ${
    events[first!.known]!.index
  }${where}`;
}
