/**
 * Outcomes for machines that show tests: JUnit's XML, and GitHub's annotations.
 *
 * @module
 */
import type { Validity } from "../../checker/mod.ts";

/** Something that was judged: a check of a run, a file, a seed. */
export interface JudgedCase {
  /** What it is of: `partition, workload kv`. */
  readonly suite: string;
  readonly name: string;
  readonly valid: Validity;
  /** What was found, in words; empty where all is well. */
  readonly says: string;
  /** Seconds. */
  readonly took: number;
  /** The file that it is about, for annotations. */
  readonly file?: string;
}

/**
 * JUnit's XML. A violation is a failure; what is unknown is an error, so that nobody takes it for a success.
 *
 * The form is what Jenkins, GitLab and GitHub's actions read: `testsuites`, `testsuite`, `testcase`.
 */
export function junit(cases: readonly JudgedCase[]): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((suite) => {
    const own = cases.filter((each) => each.suite === suite);
    const failures = own.filter(({ valid }) => valid === false).length;
    const errors = own.filter(({ valid }) => valid === "unknown").length;
    const time = own.reduce((sum, { took }) => sum + took, 0).toFixed(3);
    const head = `name="${
      escaped(suite)
    }" tests="${own.length}" failures="${failures}" errors="${errors}" time="${time}"`;
    return `  <testsuite ${head}>\n${own.map(testcase).join("")}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("")}</testsuites>\n`;
}

function testcase({ suite, name, valid, says, took }: JudgedCase): string {
  const head = `name="${escaped(name)}" classname="${escaped(suite)}" time="${took.toFixed(3)}"`;
  if (valid === true) return `    <testcase ${head}/>\n`;
  const [tag, word] = valid === false ? ["failure", "invalid"] : ["error", "unknown"];
  const [first = word] = says.split("\n");
  const inner = `<${tag} message="${escaped(first)}">${escaped(says)}</${tag}>`;
  return `    <testcase ${head}>${inner}</testcase>\n`;
}

/** Text for XML 1.0: what it cannot hold, such as most control characters, is replaced. */
function escaped(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A line of GitHub's workflow commands for each case that is not valid. */
export function annotations(cases: readonly JudgedCase[]): string {
  return cases.filter(({ valid }) => valid !== true).map(({ suite, name, valid, says, file }) => {
    const where = file === undefined ? "" : `file=${property(file)},`;
    return `::${valid === false ? "error" : "warning"} ${where}title=${property(`${suite}: ${name}`)}::${data(says)}\n`;
  }).join("");
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
