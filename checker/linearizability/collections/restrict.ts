/**
 * Parts of a collection: some of its elements, and some of the removals that found nothing.
 *
 * A linearizable collection stays linearizable if an element is left out, because an element leaves no trace. So a part
 * that is not linearizable proves that the whole is not.
 *
 * @module
 */
import type { Collection } from "./collection.ts";

/** Elements of a collection, and removals that found nothing, both ascending. */
export interface Part {
  readonly elements: readonly number[];
  readonly empties: readonly number[];
}

/** The collection of a part, with its own positions. All removals of unknown outcome stay. */
export function restrict(collection: Collection, { elements, empties }: Part): Collection {
  const spans = empties.map((i) => collection.empties[i]!);
  const places = new Set<number>();
  const note = (place: number): void => {
    if (place < collection.events) places.add(place);
  };
  for (const e of elements) {
    for (const column of [collection.insertInv, collection.insertRet, collection.removeInv, collection.removeRet]) {
      note(column[e]!);
    }
  }
  for (const { inv, ret } of spans) [inv, ret].forEach(note);
  // A removal that begins earlier can explain whatever a later one can, and each element needs at most one removal.
  const unknown = collection.unknownRemovals.slice(0, elements.length + 1);
  for (const { inv } of unknown) note(inv);
  const sorted = Int32Array.from(places).sort();
  const events = sorted.length;
  const placeOf = new Map(Array.from(sorted, (place, i) => [place, i]));
  const moved = (place: number): number =>
    place < collection.events ? placeOf.get(place)! : place - collection.events + events;
  const column = (of: Int32Array): Int32Array => Int32Array.from(elements, (e) => of[e]!);
  const movedColumn = (of: Int32Array): Int32Array => column(of).map(moved);
  const numbers = new Map(elements.map((e, i) => [e, i]));
  const span = ({ row, inv, ret }: { row: number; inv: number; ret: number }) => ({
    row,
    inv: moved(inv),
    ret: moved(ret),
  });
  return {
    length: elements.length,
    events,
    value: column(collection.value),
    insertRow: column(collection.insertRow),
    insertInv: movedColumn(collection.insertInv),
    insertRet: movedColumn(collection.insertRet),
    removeRow: column(collection.removeRow),
    removeInv: movedColumn(collection.removeInv),
    removeRet: movedColumn(collection.removeRet),
    chain: Int32Array.from(elements, (e) => numbers.get(collection.chain[e]!) ?? -1),
    empties: spans.map(span),
    unknownRemovals: unknown.map(span),
    isDrainUnknown: collection.isDrainUnknown,
  };
}
