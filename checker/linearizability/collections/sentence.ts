/**
 * Describes the violation of a collection in an English sentence.
 *
 * @module
 */
import type { CollectionModel } from "../../models/collection.ts";
import { FAILED, type Operations } from "../../table/operations.ts";
import { shown, text, who } from "../piece/shown.ts";
import type { Collection, Mismatch } from "./collection.ts";
import type { CollectionConflict } from "./answer.ts";
import type { CollectionVerdict } from "./judge.ts";

/** A sentence about a verdict on a collection. */
export function collectionSentence(
  table: Operations,
  model: CollectionModel,
  verdict: Extract<CollectionVerdict, { valid: false }>,
  collection: Collection,
): string {
  if ("mismatch" in verdict) return mismatchSentence(table, verdict.mismatch);
  const sentence = conflictSentence({ table, model, collection }, verdict.conflict);
  const somethingStays = collection.removeRow.includes(-1);
  if (collection.unknownRemovals.length === 0 || !somethingStays) return sentence;
  const unknown = "the removals of unknown outcome that had begun by then";
  return `${sentence}; ${unknown} cannot have removed all that was in the way`;
}

function mismatchSentence(table: Operations, { pattern, rows }: Mismatch): string {
  const removals = rows.filter((row) => table.argumentOf(row) === null && table.resultOf(row) !== null);
  const removal = removals[0] ?? rows[0]!;
  const value = removedValue(table, removal);
  switch (pattern) {
    case "never inserted": {
      const failed = failedInsert(table, table.key[removal]!, table.b[removal]!);
      const how = failed === undefined
        ? "nobody had put in"
        : `only ${who(shown(table, failed))} tried to ${nameOf(table, failed)}, and that failed`;
      return `${subject(table, removal)} returned ${value}, which ${how}`;
    }
    case "removed again": {
      const inserts = rows.length - removals.length;
      const removers = [...new Set(removals.map((row) => who(shown(table, row))))].join(" and ");
      const times = inserts === 1 ? "once" : `${inserts} times`;
      return `${value}${
        ofKey(table, removal)
      } came out ${removals.length} times, of ${removers}, but went in only ${times}`;
    }
    case "removed too early": {
      const inserts = rows.filter((row) => !removals.includes(row));
      const last = inserts.at(-1)!;
      const before = `before ${who(shown(table, last))} invoked the ${nameOf(table, last)} of it`;
      return inserts.length === 1
        ? `${subject(table, removal)} returned ${value} ${before}`
        : `${value}${ofKey(table, removal)} came out more often than it had gone in by then`;
    }
  }
}

interface Context {
  readonly table: Operations;
  readonly model: CollectionModel;
  readonly collection: Collection;
}

function conflictSentence(context: Context, conflict: CollectionConflict): string {
  const { table, collection } = context;
  const value = (e: number): string => text(table.values.at(collection.value[e]!));
  switch (conflict.pattern) {
    case "overtaken": {
      const { first, second } = conflict;
      return `${subject(table, collection.removeRow[second]!)} returned ${value(second)}, although ${
        value(first)
      } had been ${participle(nameOf(table, collection.insertRow[first]!))} before it and ${
        stillThere(context, first)
      }`;
    }
    case "circle":
      return `The removals of ${listed(conflict.elements.map(value))} came in an order that no queue has`;
    case "not empty": {
      const row = collection.empties[conflict.empty]!.row;
      return `${subject(table, row)} found nothing, although ${inside(conflict.elements.map(value))}`;
    }
    case "not the best": {
      const row = collection.removeRow[conflict.element]!;
      return `${subject(table, row)} returned ${value(conflict.element)}, although ${
        inside(conflict.elements.map(value))
      }`;
    }
    case "not nested":
      return nestedSentence(context, conflict.elements);
  }
}

function nestedSentence(context: Context, elements: readonly number[]): string {
  const { table, collection } = context;
  const { insertRet, insertInv, removeRow, removeInv, removeRet, value } = collection;
  const shown = (e: number): string => text(table.values.at(value[e]!));
  // Of two elements that cross, the lower one came out while the upper one was inside.
  for (const lower of elements) {
    const upper = elements.find((e) =>
      insertRet[lower]! < insertInv[e]! && insertRet[e]! < removeInv[lower]! && removeRet[lower]! < removeInv[e]!
    );
    if (upper === undefined || removeRow[lower]! < 0) continue;
    return `${subject(table, removeRow[lower]!)} returned ${shown(lower)}, although ${shown(upper)} had been ${
      participle(nameOf(table, collection.insertRow[upper]!))
    } after it and ${stillThere(context, upper)}`;
  }
  return `No order of the pushes and pops of ${
    listed(elements.map(shown))
  } lets each come out before what lies below it`;
}

function stillThere({ table, collection }: Context, e: number): string {
  const row = collection.removeRow[e]!;
  return row < 0 || collection.removeRet[e]! >= collection.events
    ? "had not come out"
    : `came out only later, for ${who(shown(table, row))}`;
}

function inside(values: readonly string[]): string {
  const [first = "something", ...others] = values;
  const shown = others.length > 6 ? [...others.slice(0, 6), `${others.length - 6} more`] : others;
  return `${[first, ...shown].join(", then ")} ${values.length > 1 ? "were" : "was"} inside all the while`;
}

function listed(values: readonly string[]): string {
  if (values.length > 8) return `${values.slice(0, 8).join(", ")} and ${values.length - 8} more`;
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}

function removedValue(table: Operations, row: number): string {
  return text(table.resultOf(row));
}

function subject(table: Operations, row: number): string {
  return `A ${nameOf(table, row)}${ofKey(table, row)} by ${who(shown(table, row))}`;
}

function nameOf(table: Operations, row: number): string {
  return table.names[table.name[row]!]!;
}

function ofKey(table: Operations, row: number): string {
  const key = table.keys.at(table.key[row]!);
  return key === null ? "" : ` of ${typeof key === "string" ? key : text(key)}`;
}

function participle(name: string): string {
  return name.endsWith("e") ? `${name}d` : `${name}ed`;
}

function failedInsert(table: Operations, key: number, value: number): number | undefined {
  for (let row = 0; row < table.length; row++) {
    if (table.outcome[row] === FAILED && table.key[row] === key && table.a[row] === value) return row;
  }
  return undefined;
}
