/**
 * Translates a set that nobody reads as a whole into registers: one for each element, which holds whether the element
 * is in the set.
 *
 * Elements do not affect each other, so the set is linearizable if and only if each element is (Herlihy and Wing 1990,
 * locality).
 *
 *     add        put true         with an answer: true: cas false to true,  false: read true
 *     remove     put false        with an answer: true: cas true to false,  false: read false
 *     contains   read
 *
 * @module
 */
import { set } from "../../models/set.ts";
import { CAS, FAILED, GET, OK, type Operations, PUT } from "../../table/operations.ts";
import { type AsRegisters, sameEvents } from "./as_registers.ts";

const ADD = 1, REMOVE = 2, CONTAINS = 3, READ = 4;

const ROLES: Readonly<Record<string, number>> = { add: ADD, remove: REMOVE, contains: CONTAINS, read: READ, get: READ };

/**
 * Translates a history of a set into one of registers.
 *
 * @returns Undefined if somebody read the whole set, or there are other operations.
 */
export function setElements(table: Operations): AsRegisters | undefined {
  const roles = table.names.map((name) => Object.hasOwn(ROLES, name) ? ROLES[name]! : 0);
  const answers = answersTell(table, roles);
  const told = sameEvents(table);
  const isOut = told.values.intern(false);
  const isIn = told.values.intern(true);
  const elements = new Map<number, number>();
  for (let row = 0; row < table.length; row++) {
    const role = roles[table.name[row]!]!;
    const result = table.outcome[row] === OK ? table.resultOf(row) : null;
    if (role === 0 || (role === READ && result !== null)) return undefined;
    told.key[row] = elementOf(table, row, elements, told);
    if (role === READ || (role === CONTAINS && result !== true && result !== false)) {
      // The answer tells nothing, so the operation becomes a read without a result.
      told.verb[row] = GET;
      told.outcome[row] = FAILED;
      continue;
    }
    const target = role === ADD ? isIn : isOut;
    const other = role === ADD ? isOut : isIn;
    if (role === CONTAINS) [told.verb[row], told.a[row]] = [GET, result === true ? isIn : isOut];
    else if (!answers || table.outcome[row] !== OK || typeof result !== "boolean") {
      [told.verb[row], told.a[row]] = [PUT, target];
    } else if (result) [told.verb[row], told.a[row], told.b[row]] = [CAS, other, target];
    else [told.verb[row], told.a[row]] = [GET, target];
  }
  const model = { name: "set", kind: "register", initial: false } as const;
  return { table: told, model, stands: set({ answers }), company: () => [] };
}

/**
 * Whether the answers of add and remove tell if they changed the set. If all are `true`, they may only confirm the
 * request: some `false` must show that they tell more.
 */
function answersTell(table: Operations, roles: readonly number[]): boolean {
  let isFalseSeen = false;
  for (let row = 0; row < table.length; row++) {
    const role = roles[table.name[row]!];
    if (table.outcome[row] !== OK || (role !== ADD && role !== REMOVE)) continue;
    if (typeof table.argumentOf(row) === "boolean") return false;
    if (table.resultOf(row) === false) isFalseSeen = true;
  }
  return isFalseSeen;
}

/** The number of the element that a row concerns; equal elements of different keys have different numbers. */
function elementOf(table: Operations, row: number, elements: Map<number, number>, told: Operations): number {
  const pair = table.key[row]! * table.values.size + table.a[row]!;
  let element = elements.get(pair);
  if (element === undefined) {
    element = told.keys.intern({ element: elements.size });
    elements.set(pair, element);
  }
  return element;
}
