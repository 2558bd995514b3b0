/**
 * The page docs/faults.md: what the nemesis can do, and what share of mutants the checks find.
 *
 * @module
 */
import { FAULTS } from "../../harness/nemesis/faults.ts";
import { MARKS } from "../../harness/sim/marks.ts";
import { whyEquivalent } from "./equivalent.ts";
import { UNREACHED } from "./unreached.ts";
import { interval, type MechanicalMutant } from "./mechanical.ts";

/** What became of a mutant. */
export interface MutantResult extends MechanicalMutant {
  /** The seed with which the sweep found it; `null` if it did not. */
  readonly sweep: string | null;
  /** Whether the unit tests found it; `null` if they were not asked. */
  readonly suite: boolean | null;
}

/** The page, in Markdown. */
export function faultsPage(results: readonly MutantResult[], mutants: number, cpu: number): string {
  return [
    "# Faults",
    "",
    "This page is generated: `deno run -A tests/mutants/mechanical_run.ts` writes it.",
    "",
    "## What the nemesis does",
    "",
    "`--nemesis` takes these kinds. `KIND:SHAPE` uses only one shape of a kind. With `all`, each seed draws the kinds and",
    "the other options.",
    "",
    "| kind | what happens | shapes |",
    "|---|---|---|",
    ...Object.entries(FAULTS).map(([kind, { about, shapes }]) => `| \`${kind}\` | ${about} | ${shapes.join(", ")} |`),
    "",
    "## What a sweep should reach",
    "",
    `A sweep counts ${MARKS.length} situations beside the events of the core, and names those that did not occur in any run:`,
    "",
    `${MARKS.join(", ")}.`,
    "",
    "## What a sweep does not reach",
    "",
    "A hundred seeds leave 915 of the 5,620 lines of `raft/` and `server/replica/` that coverage counts. Each belongs to one of " +
    "these groups, which unit tests cover; `deno run -A tests/mutants/unreached_run.ts` names a line that belongs to none.",
    "",
    "| lines | why not | tests |",
    "|---|---|---|",
    ...UNREACHED.map(({ what, why, tests }) => `| ${what} | ${why} | ${linked(tests.map(([file]) => file))} |`),
    "",
    "## What the checks find",
    "",
    ...shares(results, mutants, cpu),
    "",
  ].join("\n");
}

/** Each file once, by the name of what it tests. */
function linked(files: readonly string[]): string {
  return [...new Set(files)].map((file) => `[${file.split("/").at(-1)!.replace("_test.ts", "")}](../${file})`).join(
    ", ",
  );
}

function shares(results: readonly MutantResult[], mutants: number, cpu: number): string[] {
  if (results.length === 0) return ["No mutant has been tried yet."];
  const row = (name: string, tried: readonly MutantResult[], found: (result: MutantResult) => boolean): string => {
    const of = tried.length, hits = tried.filter(found).length;
    const [low, high] = interval(hits, of).map((share) => `${Math.round(100 * share)} %`);
    return `| ${name} | ${hits} of ${of} | ${Math.round(100 * hits / of)} % | ${low} to ${high} |`;
  };
  const withSuite = results.filter(({ suite }) => suite !== null);
  const isOnlySurvivors = withSuite.every(({ sweep }) => sweep === null);
  const decided = results.filter(({ sweep, suite }) => sweep !== null || suite !== null);
  const counted = results.filter((result) => whyEquivalent(result) === null);
  const isFound = ({ sweep, suite }: MutantResult): boolean => sweep !== null || suite === true;
  const survivors = counted.filter((result) => !isFound(result));
  const equivalent = results.filter((result) => whyEquivalent(result) !== null);
  return [
    `A mutant is one slip in \`raft/\`, \`server/replica/\` or \`server/journal/\`: a comparison turned, a statement dropped,`,
    `off by one, a condition negated, a constant moved. There are ${mutants}; ${results.length} of them were drawn, each with the same`,
    `chance. The sweep is \`fuzz --nemesis all --workload all\` with ${cpu} seconds of processor time.`,
    "When the checks grow, only the mutants that were not found are tried again. The lines are those of the sources that",
    "a mutant was drawn from.",
    "",
    "| found by | mutants | share | 95 % interval |",
    "|---|---|---|---|",
    row("the one sweep", results, ({ sweep }) => sweep !== null),
    ...(equivalent.length === 0
      ? []
      : [row("the one sweep, of those that change anything", counted, ({ sweep }) => sweep !== null)]),
    ...(withSuite.length === 0 ? [] : [
      row(
        isOnlySurvivors ? "the unit tests, of those that the sweep missed" : "the unit tests of the three folders",
        withSuite,
        ({ suite }) => suite === true,
      ),
    ]),
    ...(decided.length < results.length ? [] : [row("one of them", decided, isFound)]),
    "",
    ...listed("These were not found:", survivors, () => ""),
    ...listed("These change nothing that can be seen:", equivalent, (result) => `. ${whyEquivalent(result)}`),
  ];
}

function listed(title: string, results: readonly MutantResult[], why: (result: MutantResult) => string): string[] {
  if (results.length === 0) return [];
  return [
    title,
    "",
    ...results.map((result) => {
      const { file, line, slip, before, after } = result;
      const change = after.trim() === ";" ? `\`${before.trim()}\`` : `\`${before.trim()}\` becomes \`${after.trim()}\``;
      return `- \`${file}:${line}\`, ${slip}: ${change}${why(result)}`;
    }),
    "",
  ];
}
