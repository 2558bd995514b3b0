/**
 * Shares independent decisions with other threads that judge the same history.
 *
 * @module
 */
import type { Validity } from "../../verdict.ts";

/**
 * Makes `count` decisions, of which other threads may make some: `decide` makes one, and the returned function gives
 * the result of each. It is asked for them in order, up to the first that is false.
 *
 * Every thread calls it with the same decisions in the same order. Results must survive JSON.
 */
export type Share = <Result extends { readonly valid: Validity }>(
  count: number,
  decide: (i: number, stop: () => boolean) => Result,
) => (i: number) => Result;

/** The options that matter for sharing. */
interface ShareOptions {
  readonly stop?: () => boolean;
  readonly share?: Share;
}

/** Decides about each item, in order. */
export function* decidedInOrder<Item, Result extends { readonly valid: Validity }, Options extends ShareOptions>(
  items: Iterable<Item>,
  options: Options,
  decide: (item: Item, options: Options) => Result,
): Generator<readonly [Item, Result]> {
  const { share } = options;
  if (share === undefined) {
    for (const item of items) yield [item, decide(item, options)];
    return;
  }
  const all = [...items];
  const resultOf = share(all.length, (i, stop) => decide(all[i]!, { ...options, stop }));
  for (const [i, item] of all.entries()) yield [item, resultOf(i)];
}
