/**
 * Finds the word that a misspelt one was probably meant to be.
 *
 * @module
 */

/**
 * The edit distance between two words: letters left out, added, replaced, or two neighbours swapped (Damerau's
 * distance).
 */
function slips(one: string, other: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = previous[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      let least = Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = previous;
    previous = row;
  }
  return previous[other.length]!;
}

/**
 * Whether `name` differs from `known` only in case, underscores, or typing errors: one in a short word, two in a long
 * one.
 */
export function isMisspelt(name: string, known: string): boolean {
  const bare = name.toLowerCase().replaceAll(/[-_\s]/g, "");
  if (bare === known) return true;
  if (known.length < 3) return false;
  const most = known.length < 7 ? 1 : 2;
  return Math.abs(bare.length - known.length) <= most && bare.length > 1 && slips(bare, known) <= most;
}

/** Synonyms for each of several words. */
export type Synonyms = Readonly<Record<string, readonly string[]>>;

/** Lists of words that are written as texts. */
export function wordLists<Name extends string>(
  texts: Readonly<Record<Name, string>>,
): Readonly<Record<Name, readonly string[]>> {
  const entries = Object.entries<string>(texts).map(([name, text]) => [name, text.split(" ")]);
  return Object.fromEntries(entries) as Record<Name, readonly string[]>;
}

/**
 * The key of `synonyms` that `name` was probably meant to be: the one with this synonym, or else the most similar one;
 * undefined if none is similar.
 */
export function meant(name: string, synonyms: Synonyms): string | undefined {
  const bare = name.toLowerCase().replaceAll(/[-_\s]/g, "");
  const words = Object.keys(synonyms);
  const same = words.find((word) => word === bare) ?? words.find((word) => synonyms[word]!.includes(bare));
  if (same !== undefined) return same;
  const near = words.filter((word) => isMisspelt(name, word));
  return near.sort((a, b) => slips(bare, a) - slips(bare, b))[0];
}
