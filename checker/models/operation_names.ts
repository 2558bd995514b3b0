/**
 * Other names of operations.
 *
 * @module
 */
import { meant, type Synonyms, wordLists } from "../formats/spelling.ts";

/** Other names of operations. Some belong to several operations; then the history's other operations decide. */
const OTHER_NAMES: Synonyms = wordLists({
  get: "fetch load lookup find select query",
  put: "set store save update upsert insert assign write",
  delete: "del remove unset erase clear",
  cas: "compareandset compareandswap swap testandset casop conditionalput putif",
  scan: "list range iterate",
  read: "fetch load query select lookup get",
  write: "set store save update upsert insert assign put",
  append: "concat pushback push rpush",
  acquire: "lock trylock hold take",
  release: "unlock free",
  enqueue: "enq offer produce pushback push put",
  dequeue: "deq consume popfront pop take get poll",
  push: "enqueue",
  pop: "dequeue top",
  add: "insert put",
  remove: "delete del discard",
  contains: "has member exists includes",
  increment: "incr inc incrby plus",
  decrement: "decr dec decrby minus",
  transfer: "move pay",
  r: "read get",
  w: "write put set",
});

/**
 * `; did you mean put?` for an operation that no model has; otherwise an empty text.
 *
 * @param families The operations of each model. A name from the family of the history's other operations is preferred.
 * @param names All operations of the history.
 */
export function didYouMean(
  strange: string,
  families: readonly (readonly string[])[],
  names: ReadonlySet<string>,
): string {
  const others = [...names].filter((name) => name !== strange);
  const fitting = families.filter((family) => others.length > 0 && others.every((name) => family.includes(name)));
  const near = families.filter((family) => others.some((name) => family.includes(name)));
  for (const family of [...fitting, ...near, families.flat()]) {
    const known = Object.fromEntries(family.map((name) => [name, OTHER_NAMES[name] ?? []]));
    const word = meant(strange, known);
    if (word !== undefined) return `; by ${strange}, did you mean ${word}?`;
  }
  return "";
}
