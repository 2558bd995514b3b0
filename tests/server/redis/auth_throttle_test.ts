import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../raft/random.ts";
import { MILLISECOND, SECOND } from "../../../server/clock.ts";
import { AuthThrottle } from "../../../server/redis/auth_throttle.ts";
import { ManualClock } from "../manual_clock.ts";

/** A throttle that has seen so many failures that attempts wait. */
function guessedAt(): { clock: ManualClock; enter(host: string, isRight?: boolean): void; readonly looks: string[] } {
  const clock = new ManualClock();
  const random = createRandom(1);
  const throttle = new AuthThrottle(clock, (below) => random.below(below));
  const looks: string[] = [];
  const enter = (host: string, isRight = false): void =>
    throttle.enter({ host, isGone: () => false, look: () => looks.push(host) > 0 && isRight });
  for (let i = 0; i < 10; i++) enter("early");
  looks.length = 0;
  return { clock, enter, looks };
}

test("after ten failures an attempt is checked every 20 ms, whoever makes it", () => {
  const { clock, enter, looks } = guessedAt();
  for (let i = 0; i < 100; i++) enter(`host ${i % 3}`);
  assert.equal(looks.length, 0);
  for (let i = 1; i <= 50; i++) {
    clock.advance(20 * MILLISECOND);
    assert.equal(looks.length, i);
  }
});

test("an address with many attempts keeps no other address waiting", () => {
  const { clock, enter, looks } = guessedAt();
  for (let i = 0; i < 1000; i++) enter("guesser");
  enter("operator", true);
  clock.advance(40 * MILLISECOND);
  assert.ok(looks.includes("operator"), looks.join(" "));
});

test("an attempt of an address with many others does not wait for all of them", () => {
  const clock = new ManualClock();
  const random = createRandom(1);
  const throttle = new AuthThrottle(clock, (below) => random.below(below));
  const order: number[] = [];
  for (let i = 0; i < 210; i++) {
    throttle.enter({ host: "shared", isGone: () => false, look: () => order.push(i) === 0 });
  }
  clock.advance(400 * MILLISECOND);
  const later = order.slice(10);
  assert.equal(later.length, 20);
  assert.ok(later.some((i) => i >= 110), later.join(" "));
});

test("a minute without a failure forgets the earlier ones", () => {
  const { clock, enter, looks } = guessedAt();
  clock.advance(61 * SECOND);
  enter("operator", true);
  assert.deepEqual(looks, ["operator"]);
});
