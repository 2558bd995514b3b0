// Histories for tests, told in few words.
import { createRandom, type Random } from "../../../raft/mod.ts";
import type { HistoryEvent } from "../../../checker/history.ts";

export type Told = [
  process: number,
  type: HistoryEvent["type"],
  f: string,
  value: unknown,
  final?: boolean | undefined,
];

/** Events in their order, a millisecond apart. */
export function history(...told: Told[]): HistoryEvent[] {
  return told.map(([process, type, f, value, final], index) => ({
    index,
    time: index * 1e6,
    process,
    type,
    f,
    value,
    ...(final === undefined ? {} : { final }),
  }));
}

/** An operation alone: asked and answered. */
export function done(
  f: string,
  asked: unknown,
  answered: unknown = asked,
  type: "ok" | "fail" | "info" = "ok",
  final?: boolean,
): Told[] {
  return [[0, "invoke", f, asked, final], [0, type, f, answered, final]];
}

/** What `each` says of many seeds. */
export function forSeeds(count: number, each: (random: Random, seed: number) => void): void {
  for (let seed = 0; seed < count; seed++) each(createRandom(seed), seed);
}

/**
 * A history of some processes whose operations overlap at random. `draw` says what comes next; `answer` says with what
 * it ends. Operations may stay open at the end.
 */
export function overlapping(
  random: Random,
  count: number,
  draw: (random: Random) => { f: string; value: unknown; final?: boolean },
  answer: (asked: { f: string; value: unknown }, type: "ok" | "fail" | "info") => unknown,
): HistoryEvent[] {
  const told: Told[] = [];
  const open: ({ process: number; asked: { f: string; value: unknown; final?: boolean } } | null)[] = [
    null,
    null,
    null,
  ];
  let nextProcess = open.length, asked = 0;
  while (asked < count || open.some((each) => each !== null && random.below(4) > 0)) {
    const slot = random.below(open.length);
    const current = open[slot]!;
    if (current === null) {
      if (asked++ >= count) continue;
      const operation = draw(random);
      open[slot] = { process: nextProcess++, asked: operation };
      told.push([nextProcess - 1, "invoke", operation.f, operation.value, operation.final]);
    } else {
      const drawn = random.below(8);
      const type = drawn === 0 ? "fail" : drawn === 1 ? "info" : "ok";
      const value = answer(current.asked, type);
      told.push([current.process, type, current.asked.f, value, current.asked.final]);
      open[slot] = null;
    }
  }
  return history(...told);
}
