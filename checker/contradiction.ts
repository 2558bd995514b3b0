/**
 * An error that two parts of the checker disagree. Each verdict is replayed or asked anew, so that a wrong one is not
 * told.
 *
 * @param what The part that is wrong.
 */
export function contradiction(what: string): Error {
  return new Error(`The checker contradicts itself: ${what}`);
}
