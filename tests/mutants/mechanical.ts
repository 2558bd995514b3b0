/**
 * Mutants that nobody has chosen: every place in the sources of the core, the replica and the journal where a small slip could be, found by
 * machine, and a sample of them drawn so that each has the same chance.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../raft/mod.ts";

/** What is done to the sources. */
export type Slip =
  | "comparison turned"
  | "statement dropped"
  | "off by one"
  | "condition negated"
  | "constant moved";

/** One place, and what is written there. */
export interface MechanicalMutant {
  readonly slip: Slip;
  /** The file, from the top of the project. */
  readonly file: string;
  /** Its line, counted from 1. */
  readonly line: number;
  /** The line as it is. */
  readonly before: string;
  /** The line as it becomes. */
  readonly after: string;
}

/** The folders that are searched. */
export const SEARCHED = ["raft", "server/replica", "server/journal"] as const;

/** Every mutant of the sources below `root`, in the order of files and lines. */
export function everyMutant(root: string): MechanicalMutant[] {
  return SEARCHED.flatMap((folder) =>
    readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts") && name !== "mod.ts").sort()
      .flatMap((name) => mutantsOf(`${folder}/${name}`, readFileSync(join(root, folder, name), "utf8")))
  );
}

/** A sample in which every mutant has the same chance; the same for the same seed. */
export function sampleOf(mutants: readonly MechanicalMutant[], count: number, seed: number): MechanicalMutant[] {
  const random = createRandom(seed);
  const left = [...mutants];
  const drawn: MechanicalMutant[] = [];
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(random.below(left.length), 1));
  return drawn;
}

/** The mutants of one file. */
export function mutantsOf(file: string, text: string): MechanicalMutant[] {
  let isComment = false;
  return text.split("\n").flatMap((before, i) => {
    if (/^\s*\/\*/.test(before)) isComment = true;
    const isCode = !isComment && !/^\s*(\/\/|import |export \* |\} from )/.test(before);
    if (/\*\/\s*$/.test(before)) isComment = false;
    if (!isCode) return [];
    return slipsIn(before).map(([slip, after]) => ({ slip, file, line: i + 1, before, after }));
  });
}

/** Code of a line, with the contents of texts blanked, so that nothing in them is taken for code. */
function bare(line: string): string {
  return line.replace(/"[^"]*"|`[^`]*`|'[^']*'/g, (text) => text[0] + " ".repeat(text.length - 2) + text[0])
    .replace(/\/\/.*$/, (comment) => " ".repeat(comment.length));
}

const TURNED: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
};

function slipsIn(line: string): [Slip, string][] {
  const code = bare(line);
  const replaceAt = (at: number, length: number, by: string): string =>
    line.slice(0, at) + by + line.slice(at + length);
  const found: [Slip, string][] = [];
  for (const match of code.matchAll(/ (<=?|>=?|===|!==) /g)) {
    found.push(["comparison turned", replaceAt(match.index + 1, match[1]!.length, TURNED[match[1]!]!)]);
  }
  for (const match of code.matchAll(/ [-+] 1(?![\d._])/g)) found.push(["off by one", replaceAt(match.index, 4, "")]);
  if (
    /^\s+(this|[a-z#]\w*)[\w#.?[\]!]*(\(.*\)|\+\+|--| [-+]?= [^=].*);$/.test(code) &&
    !/^\s+(return|throw|const|let|type)\b/.test(code)
  ) {
    found.push(["statement dropped", line.replace(/\S.*$/, ";")]);
  }
  const condition = /^(\s*(?:\} else )?(?:if|while) \()(.*)(\)(?: \{| [a-z#].*;)?)$/.exec(line);
  const inner = condition === null ? null : balanced(line, condition[1]!.length);
  if (inner !== null) {
    const { end } = inner, from = condition![1]!.length;
    found.push(["condition negated", `${line.slice(0, from)}!(${line.slice(from, end)})${line.slice(end)}`]);
  }
  const constant = /^(?:export )?const [A-Z][A-Z_0-9]* (?::\w+ )?= ([\d_]+)( \* [\d_]+)*;/.exec(code);
  if (constant !== null) {
    const at = line.indexOf(constant[1]!, line.indexOf("= "));
    found.push([
      "constant moved",
      replaceAt(at, constant[1]!.length, `${Number(constant[1]!.replaceAll("_", "")) + 1}`),
    ]);
  }
  return found;
}

/** Where the parenthesis ends that was opened before `from`; `null` if not in this line. */
function balanced(line: string, from: number): { readonly end: number } | null {
  const code = bare(line);
  let depth = 1;
  for (let at = from; at < code.length; at++) {
    if (code[at] === "(") depth++;
    else if (code[at] === ")" && --depth === 0) return { end: at };
  }
  return null;
}

/** Wilson's interval of a share, at 95 % (Wilson 1927). */
export function interval(hits: number, of: number): readonly [number, number] {
  if (of === 0) return [0, 1];
  const z = 1.96, share = hits / of;
  const middle = (share + z * z / (2 * of)) / (1 + z * z / of);
  const half = z / (1 + z * z / of) * Math.sqrt(share * (1 - share) / of + z * z / (4 * of * of));
  return [middle - half, middle + half];
}
