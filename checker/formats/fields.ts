/**
 * The fields of an event, and what people write in their place.
 *
 * @module
 */
import { FormatError } from "./format_error.ts";
import { isMisspelt, meant, type Synonyms } from "./spelling.ts";

/** An event's fields as they stand in the file. */
export type Fields = Readonly<Record<string, unknown>>;

/** For each field, names that other tools and people give it. */
const OTHER_NAMES: Readonly<Record<"type" | "process" | "f" | "key" | "value" | "error", readonly string[]>> = {
  type: ["kind", "status", "state", "phase", "stage", "event", "eventtype", "outcome"],
  process: ["proc", "client", "clientid", "thread", "threadid", "worker", "pid", "p", "processid", "session", "actor"],
  f: [
    "op",
    "operation",
    "func",
    "function",
    "fn",
    "action",
    "method",
    "command",
    "cmd",
    "call",
    "optype",
    "opname",
    "verb",
    "name",
  ],
  key: ["k", "keys", "keyname", "register", "reg", "variable", "var", "object", "obj", "row", "cell"],
  value: [
    ...[
      "val",
      "vals",
      "values",
      "v",
      "result",
      "res",
      "ret",
      "return",
      "returned",
      "output",
      "out",
      "response",
      "resp",
    ],
    ...[
      "arg",
      "args",
      "argument",
      "arguments",
      "data",
      "payload",
      "content",
      "input",
      "element",
      "elem",
      "item",
      "amount",
    ],
  ],
  error: ["err", "reason", "cause", "exception"],
};

/** Fields that Jepsen and this project write beside those of an event. */
const OTHER_FIELDS: readonly string[] = [
  "index",
  "time",
  "actual",
  "final",
  "final?",
  "node",
  "link",
  "debug",
  "extra",
];

/** A field of an event. */
type FieldName = keyof typeof OTHER_NAMES;

/** The field of an event that was probably meant to be `name`, which it lacks. */
function meantFor(fields: Fields, name: FieldName): string | undefined {
  const candidates = Object.keys(fields).filter((field) =>
    !Object.hasOwn(OTHER_NAMES, field) && fields[field] !== undefined
  );
  const others = OTHER_NAMES[name];
  const bare = (field: string): string => field.toLowerCase().replaceAll(/[-_\s]/g, "");
  return candidates.find((field) => bare(field) === name) ??
    candidates.find((field) => others.includes(bare(field))) ??
    candidates.find((field) => !OTHER_FIELDS.includes(field) && isMisspelt(field, name));
}

/** `; did you mean value? (it has "val")` where a field was probably meant to be `name`; else nothing. */
export function hint(fields: Fields, name: FieldName): string {
  const field = meantFor(fields, name);
  return field === undefined ? "" : `, but it has ${JSON.stringify(field)}; did you mean ${name}?`;
}

/** What ends an operation, or begins it, by other names. */
const TYPE_SYNONYMS: Synonyms = {
  invoke: ["call", "begin", "start", "request", "req", "invocation", "inv", "invoked"],
  ok: [
    "return",
    "returned",
    "response",
    "resp",
    "success",
    "succeeded",
    "done",
    "complete",
    "completed",
    "commit",
    "committed",
    "end",
  ],
  fail: ["failure", "failed", "error", "err", "abort", "aborted", "rejected"],
  info: ["timeout", "timedout", "unknown", "indeterminate", "crash", "crashed"],
};

/** The type of an event that a word was probably meant to be. */
export function typeMeant(word: string): string | undefined {
  return meant(word, TYPE_SYNONYMS);
}

/** `; did you mean ok?` for what stands in the place of an event's type. */
export function typeHint(type: unknown): string {
  const word = typeof type === "string" ? typeMeant(type) : undefined;
  return word === undefined ? "" : `; did you mean ${word}?`;
}

/** Operations that cannot be told without a value. */
const WRITES: ReadonlySet<string> = new Set([
  ...["put", "write", "w", "cas", "append", "enqueue", "push", "insert", "remove", "contains", "broadcast", "send"],
]);
/** Operations that may do without a value, and of which a misspelt one would be missed. */
const MAY_HAVE_VALUE: ReadonlySet<string> = new Set([
  "add",
  "set",
  "inc",
  "increment",
  "dec",
  "decrement",
  "txn",
  "transfer",
]);
/** Operations of which an `ok` says what they returned. */
export const READS: ReadonlySet<string> = new Set(["get", "read", "r", "contains", "scan", "generate"]);

/**
 * Makes sure that a client's event has the fields without which it would be taken for something else.
 *
 * @param isPlain Whether no field of the event could have been meant for another.
 * @throws {FormatError} It lacks one; says which was probably meant.
 */
export function assertFields(fields: Fields, f: string, line: number, isPlain: boolean): void {
  const { type, value } = fields;
  if (value === undefined && type === "invoke" && WRITES.has(f)) {
    throw new FormatError(line, 1, `expected a ${f} to have a "value", found none${hint(fields, "value")}`);
  }
  if (isPlain) return;
  const mayHaveValue = type === "invoke" ? MAY_HAVE_VALUE.has(f) : type === "ok" && !WRITES.has(f);
  const lacking: FieldName[] = [
    ...(fields["key"] === undefined ? ["key" as const] : []),
    ...(value === undefined && mayHaveValue ? ["value" as const] : []),
    ...(fields["error"] === undefined && type === "fail" && f === "cas" ? ["error" as const] : []),
  ];
  for (const name of lacking) {
    const meant = hint(fields, name);
    if (meant !== "") throw new FormatError(line, 1, `the ${String(type)} of a ${f} has no "${name}"${meant}`);
  }
}

/** Whether a field of this name may stand beside an event's own without being meant for one of them. */
export function isHarmless(field: string): boolean {
  if (Object.hasOwn(OTHER_NAMES, field) || OTHER_FIELDS.includes(field)) return true;
  return (Object.keys(OTHER_NAMES) as FieldName[]).every((name) => meantFor({ [field]: 1 }, name) === undefined);
}
