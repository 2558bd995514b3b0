/**
 * Projects a key-value store with scans to single keys: a scan reads every key that begins with its prefix.
 *
 * @module
 */
import { CAS, DELETE, FAILED, GET, MISMATCH, OK, type Operations, PUT } from "../../table/operations.ts";
import { canonicalJson } from "../../table/values.ts";
import { project, type Projection, type RegisterAction } from "./projection.ts";

/**
 * Projects a history with scans.
 *
 * @returns Undefined if there is an operation that the store does not have, or a failed compare without the value that
 * it saw.
 */
export function projectScans(table: Operations): Projection | undefined {
  const keys = new Map<string, unknown>();
  const add = (key: unknown): void => void keys.set(canonicalJson(key), key);
  const ids = new Set<number>();
  for (let row = 0; row < table.length; row++) {
    if (nameOf(table, row) === "scan") { for (const [key] of pairsOf(table, row)) add(key); }
    else ids.add(table.key[row]!);
  }
  for (const id of ids) add(table.keys.at(id));
  return project(
    table,
    { name: "kv", kind: "register", initial: null },
    (row) => nameOf(table, row) === "scan" ? scanned(table, row, keys) : ofOneKey(table, row),
  );
}

function nameOf(table: Operations, row: number): string {
  return table.names[table.name[row]!]!;
}

function keyOf(table: Operations, row: number): unknown {
  return table.keys.at(table.key[row]!);
}

function pairsOf(table: Operations, row: number): readonly (readonly [unknown, unknown])[] {
  const result = table.resultOf(row);
  return Array.isArray(result) ? result.filter((pair) => Array.isArray(pair) && pair.length === 2) : [];
}

function scanned(
  table: Operations,
  row: number,
  keys: ReadonlyMap<string, unknown>,
): RegisterAction[] | undefined {
  if (table.outcome[row] !== OK) return [];
  if (!Array.isArray(table.resultOf(row))) return undefined;
  const prefix = String(table.argumentOf(row) ?? "");
  const seen = new Map(pairsOf(table, row).map(([key, value]) => [canonicalJson(key), value]));
  return [...keys].filter(([, key]) => String(key).startsWith(prefix))
    .map(([name, key]) => ({ verb: GET, register: key, sees: seen.get(name) ?? null }));
}

function ofOneKey(table: Operations, row: number): RegisterAction[] | undefined {
  const register = keyOf(table, row);
  const f = nameOf(table, row);
  const outcome = table.outcome[row];
  if (outcome === FAILED) return [];
  switch (table.verb[row]) {
    case GET:
      return outcome === OK ? [{ f, verb: GET, register, sees: table.resultOf(row) }] : [];
    case PUT:
      return [{ f, verb: PUT, register, writes: table.argumentOf(row) }];
    case CAS: {
      const [sees, writes] = table.argumentOf(row) as [unknown, unknown];
      if (outcome !== MISMATCH) return [{ f, verb: CAS, register, sees, writes }];
      const saw = table.actual.get(row);
      return saw === undefined || saw === table.a[row]
        ? undefined
        : [{ verb: GET, register, sees: table.values.at(saw) }];
    }
    case DELETE:
      return [{ f, verb: PUT, register, writes: null }];
    default:
      return undefined;
  }
}
