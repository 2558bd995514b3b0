/**
 * Explains in an English sentence why a few operations contradict each other.
 *
 * @module
 */
import { at, brief, isRead, type ShownOperation, text, who } from "../piece/shown.ts";
import { canonicalJson } from "../../table/values.ts";

/** The context of a sentence. */
interface SentenceContext {
  /** The operation whose completion is the first that cannot be explained. */
  readonly last: ShownOperation;
  /** The initial value of every register; undefined for other models. */
  readonly initial: unknown;
  readonly isRegister: boolean;
  /** What `last` should have returned, if it is a read and that is known. */
  readonly expected: readonly unknown[] | undefined;
  /** Whether a value was there only if a write took effect that was still open when `last` returned. */
  readonly isUncertain: (value: unknown) => boolean;
  /** The process whose write of a value failed, if one did. */
  readonly failedWriter: (value: unknown) => number | undefined;
}

/** A sentence about a minimal contradiction. */
export function sentenceOf(operations: readonly ShownOperation[], context: SentenceContext): string {
  const { expected } = context;
  const should = expected === undefined ? "" : `. It should have returned ${expectedInWords(expected, context)}`;
  return `${withoutExpected(operations, context)}${should}`;
}

function expectedInWords(expected: readonly unknown[], { isUncertain }: SentenceContext): string {
  const certain = expected.filter((value) => !isUncertain(value)).map(text);
  const open = expected.filter(isUncertain).map(text);
  if (open.length === 0 || certain.length === 0) return orList([...certain, ...open]);
  return `${orList(certain)} (or ${orList(open)}, still being written)`;
}

function orList(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}

function withoutExpected(operations: readonly ShownOperation[], context: SentenceContext): string {
  const special = context.isRegister ? registerSentence(operations, context) : undefined;
  if (special !== undefined) return special;
  const { last } = context;
  const [first] = operations;
  if (operations.length === 2 && operations.every(isPlainLocking) && first !== last) {
    return `The ${last.f}${ofKey(last)} by ${who(last)} succeeded${at(last)} although ${who(first!)} held the lock`;
  }
  if (operations.length === 1) return `${subject(last)}, which no order of the other operations allows`;
  return `No order of these ${operations.length} operations lets the ${last.f}${ofKey(last)} by ${
    who(last)
  } end as it did${at(last)}: ${brief(last)}`;
}

/** Whether a lock was taken, and no token or deadline came with it that could be what is wrong. */
function isPlainLocking({ f, type, value = null, result = null }: ShownOperation): boolean {
  return (f === "acquire" || f === "lock") && type === "ok" && value === null && result === null;
}

function registerSentence(operations: readonly ShownOperation[], context: SentenceContext): string | undefined {
  const [one, other] = operations as [ShownOperation, ShownOperation | undefined];
  if (other === undefined) return isRead(one) ? readAlone(one, context) : failedCompare(one);
  if (operations.length === 2 && one.f === "cas" && other.f === "cas" && same(from(one), from(other))) {
    const what = `took ${text(from(one))}${ofKey(one)} for their own compare-and-set, but it was there only once`;
    return `Both ${who(one)} and ${who(other)} ${what}`;
  }
  const read = operations.filter(isRead).reduce<ShownOperation | undefined>(
    (late, op) => late === undefined || op.returned! > late.returned! ? op : late,
    undefined,
  );
  return read === undefined ? undefined : readAmong(read, operations.filter((op) => op !== read), context);
}

function readAlone(read: ShownOperation, { failedWriter, initial }: SentenceContext): string {
  const failed = failedWriter(read.result);
  if (failed !== undefined) return `${subject(read)}, which only process ${failed} tried to write, and that failed`;
  if (same(read.result, initial)) {
    return `${subject(read)}, its initial value, although other values had replaced it before`;
  }
  return `${subject(read)}, which nobody had written`;
}

function failedCompare(operation: ShownOperation): string | undefined {
  if (operation.f !== "cas") return undefined;
  const { actual } = operation;
  const by = who(operation);
  if (operation.type === "ok") {
    return `A cas${ofKey(operation)} by ${by} found ${text(from(operation))}, which nobody had written`;
  }
  if ("actual" in operation && same(actual, from(operation))) {
    return `A cas${ofKey(operation)} by ${by} failed although it saw ${text(actual)}, the value that it asked for`;
  }
  return undefined;
}

/**
 * A sentence about a read of a value, the operation that made this value, and one operation that shows another value.
 */
function readAmong(
  read: ShownOperation,
  others: readonly ShownOperation[],
  { initial }: SentenceContext,
): string | undefined {
  const makers = others.filter((op) => same(isRead(op) ? op.result : written(op), read.result));
  const [evidence, more] = others.filter((op) => !makers.includes(op));
  if (evidence === undefined) {
    const writer = makers.find((op) => !isRead(op) && precedes(read, op));
    return writer === undefined || makers.length > 1
      ? undefined
      : `${subject(read)} before ${who(writer)} invoked the ${writer.f} of it`;
  }
  if (more !== undefined || evidence.type === "fail" || !precedes(evidence, read)) return undefined;
  const other = who(evidence);
  const before = `${at(evidence)}${at(evidence) === "" ? "" : ","} before that read began`;
  if (isRead(evidence)) {
    const after = makers.some(isRead) || makers.some((op) => precedes(op, evidence)) || same(read.result, initial);
    return after
      ? `${subject(read)}, although ${other} had already read ${text(evidence.result)} in its place${before}`
      : undefined;
  }
  if (evidence.f === "cas") {
    return same(from(evidence), read.result)
      ? `${subject(read)}, which a cas by ${other} had replaced with ${text(written(evidence))}${before}`
      : `${subject(read)}, although a cas by ${other} had set ${text(written(evidence))}${before}`;
  }
  if (same(read.result, initial) && makers.every(isRead)) {
    return `${subject(read)}, although ${other} had put ${text(written(evidence))}${before}`;
  }
  return evidence.f === "delete" || evidence.f === "del"
    ? `${subject(read)}, which ${other} had deleted${before}`
    : `${subject(read)}, which ${other} had overwritten with ${text(written(evidence))}${before}`;
}

function subject(operation: ShownOperation): string {
  const what = `${isRead(operation) ? "read" : operation.f}${ofKey(operation)} by ${who(operation)}`;
  return isRead(operation)
    ? `A ${what} returned ${text(operation.result)}${at(operation)}`
    : `A ${what} ended so${at(operation)}: ${brief(operation)}`;
}

function ofKey({ key }: ShownOperation): string {
  return key === undefined ? "" : ` of ${typeof key === "string" ? key : text(key)}`;
}

function from({ value }: ShownOperation): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

function written(operation: ShownOperation): unknown {
  if (operation.f === "delete" || operation.f === "del") return null;
  return operation.f === "cas" && Array.isArray(operation.value) ? operation.value[1] : operation.value ?? null;
}

function precedes(one: ShownOperation, other: ShownOperation): boolean {
  return one.type !== "info" && one.returned !== null && one.returned < other.invoked;
}

function same(one: unknown, other: unknown): boolean {
  return canonicalJson(one ?? null) === canonicalJson(other ?? null);
}
