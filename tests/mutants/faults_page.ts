/**
 * The page docs/faults.md: what the nemesis can do, and what share of mutants the checks find.
 *
 * @module
 */
import { FAULTS } from "../../harness/nemesis/faults.ts";
import { MARKS } from "../../harness/sim/marks.ts";
import { interval, type MechanicalMutant } from "./mechanical.ts";

/** What became of a mutant. */
export interface MutantResult extends MechanicalMutant {
  /** The seed with which the sweep found it; `null` if it did not. */
  readonly sweep: string | null;
  /** Whether the unit tests found it. */
  readonly suite: boolean;
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
    "## What the checks find",
    "",
    ...shares(results, mutants, cpu),
    "",
  ].join("\n");
}

function shares(results: readonly MutantResult[], mutants: number, cpu: number): string[] {
  const of = results.length;
  if (of === 0) return ["No mutant has been tried yet."];
  const row = (name: string, found: (result: MutantResult) => boolean): string => {
    const hits = results.filter(found).length;
    const [low, high] = interval(hits, of).map((share) => `${Math.round(100 * share)} %`);
    return `| ${name} | ${hits} of ${of} | ${Math.round(100 * hits / of)} % | ${low} to ${high} |`;
  };
  const survivors = results.filter(({ sweep, suite }) => sweep === null && !suite);
  return [
    `A mutant is one slip in \`raft/\`, \`server/replica/\` or \`server/journal/\`: a comparison turned, a statement dropped,`,
    `off by one, a condition negated, a constant moved. There are ${mutants}; ${of} of them were drawn, each with the same`,
    `chance. The sweep is \`fuzz --nemesis all --workload all\` with ${cpu} seconds of processor time.`,
    "",
    "| found by | mutants | share | 95 % interval |",
    "|---|---|---|---|",
    row("the one sweep", ({ sweep }) => sweep !== null),
    row("the unit tests of the three folders", ({ suite }) => suite),
    row("one of them", ({ sweep, suite }) => sweep !== null || suite),
    "",
    ...(survivors.length === 0 ? [] : ["Neither found these. Some of them change nothing that can be seen:", ""]),
    ...survivors.map(({ file, line, slip, after }) => `- \`${file}:${line}\`, ${slip}: \`${after.trim() || ";"}\``),
  ];
}
