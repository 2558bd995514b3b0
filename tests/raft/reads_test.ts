import { test } from "node:test";
import assert from "node:assert/strict";
import { createRandom, type LogIndex } from "../../raft/mod.ts";
import { type Read, ReadQueue } from "../../raft/reads.ts";

const read = (context: number): Read => ({
  confirmation: "quorum",
  context,
  follower: null,
  readId: 0,
  index: 0 as LogIndex,
});
const contexts = (reads: readonly Read[]): number[] => reads.map(({ context }) => context);

test("a queue of reads agrees with a list in which each read knows its round", () => {
  const random = createRandom(31);
  for (let run = 0; run < 100; run++) {
    const queue = new ReadQueue();
    // round 0: it waits for a commit; Infinity: for a round to begin
    let naive: { context: number; round: number }[] = [];
    let round = 0;
    const take = (isSo: (read: { context: number; round: number }) => boolean): number[] => {
      const taken = naive.filter(isSo).map(({ context }) => context);
      naive = naive.filter((read) => !isSo(read));
      return taken;
    };
    for (let step = 0; step < 100; step++) {
      switch (random.below(7)) {
        case 0:
          queue.wait(read(step));
          naive.push({ context: step, round: 0 });
          break;
        case 1:
        case 2:
          queue.queue(read(step));
          naive.push({ context: step, round: Infinity });
          break;
        case 3:
          queue.begin(++round);
          naive = naive.map((read) => read.round === Infinity ? { ...read, round } : read);
          break;
        case 4: {
          const released = queue.release(step as LogIndex);
          assert(released.every(({ index }) => index === step));
          assert.deepEqual(contexts(released), take((read) => read.round === 0));
          break;
        }
        case 5: {
          const echoed = Math.max(0, round - random.below(3));
          assert.deepEqual(contexts(queue.confirm(echoed)), take((read) => read.round > 0 && read.round <= echoed));
          break;
        }
        case 6:
          if (random.chance(1, 5)) assert.deepEqual(contexts(queue.clear()).sort(), take(() => true).sort());
          break;
      }
      assert.equal(queue.count, naive.length);
      assert.equal(queue.needsRound, naive.some((read) => read.round === Infinity));
      assert.equal(queue.isRoundUnderWay, naive.some((read) => read.round > 0 && read.round < Infinity));
    }
  }
});
