/**
 * Judges the collections of a table, one for each key.
 *
 * @module
 */
import { type CollectionModel, collectionRole, DRAIN } from "../../models/collection.ts";
import { OK, type Operations } from "../../table/operations.ts";
import { eventsByKey } from "../piece/registers.ts";
import { misfit } from "../piece/shown.ts";
import type { Judgement } from "../explain/judgement.ts";
import { type Collection, CollectionReader } from "./collection.ts";
import type { CollectionSequence } from "./answer.ts";
import { explainCollection } from "./explain.ts";
import { judgeCollection } from "./judge.ts";

/** A key that is undecided: only a search can decide it, if at all. */
interface Undecided {
  readonly valid: "undecided";
  readonly key: number;
  /** Why it is undecided. */
  readonly reason: string;
  /** Whether a search can handle the key's operations. It cannot handle drains. */
  readonly isSearchable: boolean;
}

/** Judges each key's collection. */
export function* judgeCollections(
  table: Operations,
  model: CollectionModel,
  options: { readonly stop?: () => boolean; readonly witness?: boolean },
): Generator<Judgement | Undecided> {
  const roles = rolesOf(table, model);
  const reader = new CollectionReader(table, roles);
  const { sorted, begins } = eventsByKey(table);
  for (let key = 0; key + 1 < begins.length; key++) {
    const [begin, end] = [begins[key]!, begins[key + 1]!];
    if (begin === end) continue;
    const verdict = judgeCollection(table, model, reader.read(sorted, begin, end));
    if (verdict.valid === true) {
      yield options.witness === true ? { valid: true, order: rowsOf(verdict) } : { valid: true };
    } else if (verdict.valid === "unknown") {
      const isSearchable = !sorted.subarray(begin, end).some((event) =>
        event >= 0 && roles[table.name[event]!] === DRAIN
      );
      yield { valid: "undecided", key, reason: verdict.reason, isSearchable };
    } else {
      const context = { table, model, reader, sorted, begin, end, stop: options.stop };
      yield { valid: false, explain: () => explainCollection(context) };
    }
  }
}

function rolesOf(table: Operations, model: CollectionModel): Uint8Array {
  const roles = Uint8Array.from(table.names, collectionRole);
  for (let row = 0; row < table.length; row++) {
    const role = roles[table.name[row]!]!;
    if (role === 0) {
      throw misfit(
        table,
        row,
        `${model.name} has operations such as enqueue and dequeue, not ${table.names[table.name[row]!]}`,
      );
    }
    const isDrained = role === DRAIN && table.outcome[row] === OK;
    if (isDrained && table.resultOf(row) !== null && !Array.isArray(table.resultOf(row))) {
      throw misfit(table, row, `${model.name} takes a drain's result as a list of elements`);
    }
  }
  return roles;
}

function rowsOf({ collection, sequence }: { collection: Collection; sequence: CollectionSequence }): number[] {
  return Array.from(sequence, (move) => {
    if (move < 0) return collection.empties[-1 - move]!.row;
    return ((move & 1) === 0 ? collection.insertRow : collection.removeRow)[move >> 1]!;
  });
}
