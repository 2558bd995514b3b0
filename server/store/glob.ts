/**
 * Redis's patterns for keys: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and a backslash before a literal character.
 *
 * @module
 */

/**
 * Whether a text matches a pattern (Redis, `stringmatchlen`).
 *
 * After a mismatch, only the last star is tried again, with one more character. So the time is at most the product of
 * both lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let place = 0;
  /** The position behind the last star, and the end of the text that the star matches for now. */
  let star = -1;
  let retry = 0;
  while (place < text.length) {
    if (pattern[at] === "*") {
      star = ++at;
      retry = place;
      continue;
    }
    const end = at < pattern.length ? matchOne(pattern, at, text[place]!) : -1;
    if (end > 0) {
      at = end;
      place++;
    } else if (star >= 0) {
      at = star;
      place = ++retry;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** The position after the pattern's next part, if that part matches a character; -1 if it does not. */
function matchOne(pattern: string, at: number, character: string): number {
  switch (pattern[at]) {
    case "?":
      return at + 1;
    case "[":
      return matchClass(pattern, at + 1, character);
    case "\\":
      if (at + 1 < pattern.length) return pattern[at + 1] === character ? at + 2 : -1;
  }
  return pattern[at] === character ? at + 1 : -1;
}

/** An unclosed class ends at the end of the pattern, as in Redis. */
function matchClass(pattern: string, from: number, character: string): number {
  const isNegated = pattern[from] === "^";
  let at = isNegated ? from + 1 : from;
  let isIn = false;
  for (; at < pattern.length && pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) {
      at++;
      isIn ||= pattern[at] === character;
    } else if (pattern[at + 1] === "-" && at + 2 < pattern.length) {
      const [one, other] = [pattern[at]!, pattern[at + 2]!];
      isIn ||= one <= other ? one <= character && character <= other : other <= character && character <= one;
      at += 2;
    } else isIn ||= pattern[at] === character;
  }
  return isIn !== isNegated ? Math.min(at + 1, pattern.length) : -1;
}
