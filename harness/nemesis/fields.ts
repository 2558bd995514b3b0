/**
 * Checks the fields of a fault from a run file, one by one.
 *
 * @module
 */
import type { Link } from "./kind.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON object. */
export function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`a fault is an object, but ${JSON.stringify(value)} was found`);
  }
  return value as Fields;
}

/** Reads a text. */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw wrong(fields, name, "a text");
  return value;
}

/** Reads one of several texts. */
export function choiceField<Choice extends string>(fields: Fields, name: string, choices: readonly Choice[]): Choice {
  const value = fields[name];
  if (!choices.includes(value as Choice)) throw wrong(fields, name, `one of ${choices.join(", ")}`);
  return value as Choice;
}

/** Reads a number that is at least `min`. */
export function numberField(fields: Fields, name: string, min: number): number {
  const value = fields[name];
  if (typeof value !== "number" || !(value >= min)) throw wrong(fields, name, `a number of at least ${min}`);
  return value;
}

/** Reads a share from 0 to 1. */
export function shareField(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) throw wrong(fields, name, "a share from 0 to 1");
  return value;
}

/** Reads the number of a node. */
export function nodeField(fields: Fields, name: string): number {
  const value = fields[name];
  if (!isNode(value) || value < 1) throw wrong(fields, name, "the number of a node");
  return value;
}

/** Reads the field `nodes`: numbers of nodes, each at most once. */
export function nodesField(fields: Fields): readonly number[] {
  const value = fields["nodes"];
  const isList = Array.isArray(value) && value.every((item) => isNode(item) && item >= 1);
  if (!isList || new Set(value).size !== value.length) throw wrong(fields, "nodes", "a list of different nodes");
  return value as readonly number[];
}

/** Reads pairs of ends. */
export function linksField(fields: Fields, name: string): readonly Link[] {
  const value = fields[name];
  const isLink = (item: unknown): boolean =>
    Array.isArray(item) && item.length === 2 && item.every(isNode) && item[0] !== item[1];
  if (!Array.isArray(value) || !value.every(isLink)) throw wrong(fields, name, "a list of pairs of nodes");
  return value as readonly Link[];
}

function isNode(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function wrong(fields: Fields, name: string, expected: string): SyntaxError {
  const found = fields[name] === undefined ? "it is missing" : `${JSON.stringify(fields[name])} was found`;
  return new SyntaxError(`the field ${JSON.stringify(name)} of a fault is ${expected}, but ${found}`);
}
