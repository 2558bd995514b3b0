/**
 * The fields of an event, and the names that people write in their place.
 *
 * @module
 */
import { FormatError } from "./format_error.ts";
import { isMisspelt, meant, type Synonyms, wordLists } from "./spelling.ts";

/** The fields of an event as they are in the file. */
export type Fields = Readonly<Record<string, unknown>>;

/** The name of an event's field. */
type FieldName = "type" | "process" | "f" | "key" | "value" | "error";

/** For each field, the names that other tools and people use for it. */
const OTHER_NAMES: Readonly<Record<FieldName, readonly string[]>> = wordLists({
  type: "kind status state phase stage event eventtype outcome",
  process: "proc client clientid thread threadid worker pid p processid session actor",
  f: "op operation func function fn action method command cmd call optype opname verb name",
  key: "k keys keyname register reg variable var object obj row cell",
  value: "val vals values v result res ret return returned output out response resp arg args argument arguments " +
    "data payload content input element elem item amount",
  error: "err reason cause exception",
});

/** Other fields of Jepsen and of this project. */
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

/** The field that was probably meant to be `name`, if the event lacks `name`. */
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

/** `; did you mean value? (it has "val")` if a field was probably meant to be `name`; otherwise an empty text. */
export function hint(fields: Fields, name: FieldName): string {
  const field = meantFor(fields, name);
  return field === undefined ? "" : `, but it has ${JSON.stringify(field)}; did you mean ${name}?`;
}

/** Other names for the types of events. */
const TYPE_SYNONYMS: Synonyms = wordLists({
  invoke: "call begin start request req invocation inv invoked",
  ok: "return returned response resp success succeeded done complete completed commit committed end",
  fail: "failure failed error err abort aborted rejected",
  info: "timeout timedout unknown indeterminate crash crashed",
});

/** The event type that a word was probably meant to be. */
export function typeMeant(word: string): string | undefined {
  return meant(word, TYPE_SYNONYMS);
}

/** `; did you mean ok?` for a misspelt event type. */
export function typeHint(type: unknown): string {
  const word = typeof type === "string" ? typeMeant(type) : undefined;
  return word === undefined ? "" : `; did you mean ${word}?`;
}

/** Operations that are incomplete without a value. */
const WRITES: ReadonlySet<string> = new Set(
  "put write w cas append enqueue push insert remove contains broadcast send".split(" "),
);
/** Operations whose value is optional, and for which a misspelt `value` must be noticed. */
const MAY_HAVE_VALUE: ReadonlySet<string> = new Set("add set inc increment dec decrement txn transfer".split(" "));
/** Operations whose `ok` contains what they read. */
export const READS: ReadonlySet<string> = new Set("get read r contains scan generate".split(" "));

/**
 * Checks that a client's event has all fields without which it would be misread.
 *
 * @param isPlain Whether no field of the event could be a misspelt one.
 * @throws {FormatError} If a field is missing. The message says which field was probably meant.
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

/** Whether an unknown field with this name is certainly not a misspelt one. */
export function isHarmless(field: string): boolean {
  if (Object.hasOwn(OTHER_NAMES, field) || OTHER_FIELDS.includes(field)) return true;
  return (Object.keys(OTHER_NAMES) as FieldName[]).every((name) => meantFor({ [field]: 1 }, name) === undefined);
}
