/**
 * Projects a set that is read as a whole to single elements: a read tells of each element whether it is in the set.
 *
 * @module
 */
import { entryOf } from "../../entries.ts";
import { FAILED, GET, OK, type Operations, PUT } from "../../table/operations.ts";
import { canonicalJson } from "../../table/values.ts";
import { project, type Projection, type RegisterAction } from "./projection.ts";

/**
 * Projects a history of a set.
 *
 * @returns Undefined if there is an operation that a set does not have.
 */
export function projectSetReads(table: Operations): Projection | undefined {
  const elements = new Map<number, Map<string, unknown>>();
  for (let row = 0; row < table.length; row++) {
    const of = entryOf(elements, table.key[row]!, () => new Map());
    const result = table.resultOf(row);
    const touched = isRead(table, row) ? (Array.isArray(result) ? result : []) : [table.argumentOf(row)];
    for (const element of touched) of.set(canonicalJson(element), element);
  }
  const model = { name: "set", kind: "register", initial: false } as const;
  return project(table, model, (row) => actionsOf(table, row, elements.get(table.key[row]!)!));
}

function isRead(table: Operations, row: number): boolean {
  const name = table.names[table.name[row]!];
  return name === "read" || name === "get";
}

function actionsOf(
  table: Operations,
  row: number,
  elements: ReadonlyMap<string, unknown>,
): RegisterAction[] | undefined {
  const outcome = table.outcome[row];
  const key = table.keys.at(table.key[row]!);
  const registerOf = (element: unknown): unknown => key === null ? element : [key, element];
  const result = outcome === OK ? table.resultOf(row) : null;
  if (outcome === FAILED) return [];
  if (isRead(table, row)) {
    if (result === null) return [];
    if (!Array.isArray(result)) return undefined;
    const seen = new Set(result.map(canonicalJson));
    return [...elements].map(([name, element]) => ({ verb: GET, register: registerOf(element), sees: seen.has(name) }));
  }
  const register = registerOf(table.argumentOf(row));
  switch (table.names[table.name[row]!]) {
    case "add":
      return [{ verb: PUT, register, writes: true }];
    case "remove":
      return [{ verb: PUT, register, writes: false }];
    case "contains":
      return typeof result === "boolean" ? [{ verb: GET, register, sees: result }] : [];
    default:
      return undefined;
  }
}
