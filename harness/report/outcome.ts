/**
 * Outcomes for tools that display tests: JUnit's XML, and GitHub's annotations.
 *
 * @module
 */
import type { Validity } from "../../checker/mod.ts";

/** A judged case: a check of a run, a file, or a seed. */
export interface JudgedCase {
  /** The group of the case: `partition, workload kv`. */
  readonly suite: string;
  readonly name: string;
  readonly valid: Validity;
  /** The finding as text; empty if the case is valid. */
  readonly says: string;
  /** The duration in seconds. */
  readonly took: number;
  /** The file that annotations refer to. */
  readonly file?: string;
}

/**
 * Formats cases as JUnit's XML. A violation is a failure; an unknown result is an error, so that nobody takes it for a
 * success.
 *
 * Jenkins, GitLab and GitHub's actions read this form: `testsuites`, `testsuite`, `testcase`.
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

/** Text for XML 1.0. Characters that XML cannot contain, such as most control characters, are replaced. */
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
